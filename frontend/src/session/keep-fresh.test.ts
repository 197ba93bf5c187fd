import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answer, fakeServer, secondFactorRequired } from '@/testing/fake-server'
import { openTab } from '@/testing/tab'
import { keepFresh } from './keep-fresh'

const minute = 60_000

beforeEach(() => {
  localStorage.clear()
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a sign-in between the doors', () => {
  it('keeps a token that is good until it ends, and ends after half an hour', async () => {
    const { transport, seen } = fakeServer({
      'POST /auth/sign-in': () => answer(secondFactorRequired('p1')),
      'POST /auth/resume': () => answer(secondFactorRequired(`p${seen.length}`)),
    })
    const { session } = openTab({ transport, seen }, { now: Date.now })
    keepFresh(session, Date.now)
    await session.signIn('owner@acme.test', 'secret')
    await vi.advanceTimersByTimeAsync(29 * minute)
    expect(session.state()).toMatchObject({ stage: 'second_factor', token: 'p4' })
    await vi.advanceTimersByTimeAsync(2 * minute)
    expect(session.state()).toEqual({ stage: 'signed_out', ending: 'timed_out' })
    expect(seen.filter(({ path }) => path === '/auth/resume')).toHaveLength(3)
  })
})
