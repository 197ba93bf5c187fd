import { renderHook } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { ProblemError } from '@/api/problem'
import { useWish } from './use-wish'

const lost = new ProblemError({ code: 'unreachable' })
const refused = new ProblemError({ code: 'already_invited', status: 409 })

/** Fills a form again and again: each time with a body, and with what becomes of it. */
async function keysOf(...tries: [body: object, outcome?: Error][]): Promise<string[]> {
  const wish = renderHook(() => useWish()).result.current
  const keys: string[] = []
  for (const [body, outcome] of tries) {
    const made = wish(body, async (header) => {
      keys.push(header['Idempotency-Key'])
      if (outcome) throw outcome
    })
    await made.catch(() => {})
  }
  return keys
}

const ann = { email: 'ann@acme.test' }
const max = { email: 'max@acme.test' }

describe('what a form asks for', () => {
  it('has the same key until its answer came', async () => {
    const [first, second, third] = await keysOf([ann, lost], [ann], [ann])
    expect(second).toBe(first)
    expect(third).not.toBe(first)
  })

  it('has another key when it is something else, and when it was refused', async () => {
    expect(new Set(await keysOf([ann, lost], [max, refused], [max])).size).toBe(3)
  })

  it('has a key that is good outside a secure context too', async () => {
    const { randomUUID } = crypto
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true })
    const [key] = await keysOf([ann])
    Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true })
    expect(key).toMatch(/^[0-9a-f]{32}$/)
  })
})
