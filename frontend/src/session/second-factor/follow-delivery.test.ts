import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followDelivery, type Progress } from './follow-delivery'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Follows a message that answers what `script` says, the last entry for ever. */
function follow(script: Array<Progress | Error>) {
  const stop = new AbortController()
  const news: Array<string | undefined> = []
  let asked = 0
  const done = vi.fn()
  void followDelivery({
    until: Date.now() + 600_000,
    read: async () => {
      const answer = script[Math.min(asked++, script.length - 1)] ?? {}
      if (answer instanceof Error) throw answer
      return answer
    },
    onNews: ({ delivery }) => news.push(delivery),
    signal: stop.signal,
  }).then(done)
  return { stop, news, asked: () => asked, done }
}

describe('followDelivery', () => {
  it('asks until the message has arrived, and not after that', async () => {
    const { news, asked, done } = follow([
      { delivery: 'queued' },
      { delivery: 'sent' },
      { delivery: 'delivered' },
    ])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(news).toEqual(['queued', 'sent', 'delivered'])
    expect(asked()).toBe(3)
    expect(done).toHaveBeenCalled()
  })

  it('asks once where nothing is known of it', async () => {
    const { asked, done } = follow([{}])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked()).toBe(1)
    expect(done).toHaveBeenCalled()
  })

  it('asks less often once half a minute is over, and no more when the code has expired', async () => {
    const { asked, done } = follow([{ delivery: 'sent' }])
    await vi.advanceTimersByTimeAsync(31_000)
    const eagerly = asked()
    expect(eagerly).toBeGreaterThan(8)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked() - eagerly).toBeLessThanOrEqual(7)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(done).toHaveBeenCalled()
  })

  it('goes on after a lost answer', async () => {
    const { news } = follow([new Error('lost'), { delivery: 'failed' }])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(news).toEqual(['failed'])
  })

  it('waits while nobody looks at the page', async () => {
    const shown = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    const { asked } = follow([{ delivery: 'queued' }])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked()).toBe(0)
    shown.mockReturnValue('visible')
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.advanceTimersByTimeAsync(0)
    expect(asked()).toBe(1)
  })

  it('stops when it is told to', async () => {
    const { stop, asked, done } = follow([{ delivery: 'queued' }])
    await vi.advanceTimersByTimeAsync(2_000)
    stop.abort()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked()).toBe(1)
    expect(done).toHaveBeenCalled()
  })
})
