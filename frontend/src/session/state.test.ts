import { describe, expect, it } from 'vitest'
import type { SignInResult } from '@/api/schema'
import { enrolmentRequired, secondFactorRequired, signedIn } from '@/testing/fake-server'
import { reduce, refreshDelay, type SessionState } from './state'

const full: SessionState = { stage: 'full', token: 'a1', expiresAt: 601_000 }
const answered = (result: object, by: 'sign_in' | 'refresh' = 'refresh') =>
  ({ type: 'answered', result: result as SignInResult, by, now: 1000 }) as const

describe('the session state', () => {
  it('maps each result to one stage', () => {
    expect(reduce({ stage: 'unknown' }, answered(signedIn('a1')))).toEqual(full)
    expect(reduce({ stage: 'signed_out' }, answered(secondFactorRequired('p1'), 'sign_in'))).toMatchObject({
      stage: 'second_factor',
      live: false,
    })
    expect(reduce(full, answered(enrolmentRequired('p1')))).toMatchObject({ stage: 'enrolment', live: true })
  })

  it('holds back only what is open', () => {
    expect(reduce(full, { type: 'held' })).toEqual({ stage: 'held' })
    const partial = reduce(full, answered(enrolmentRequired('p1')))
    expect(reduce(partial, { type: 'held' })).toBe(partial)
  })

  it('says that a sign-in timed out, and that a session ended', () => {
    const begun = reduce({ stage: 'signed_out' }, answered(secondFactorRequired('p1'), 'sign_in'))
    const ended = { type: 'ended', ending: 'ended' } as const
    expect(reduce(begun, ended)).toEqual({ stage: 'signed_out', ending: 'timed_out' })
    expect(reduce(full, ended)).toEqual({ stage: 'signed_out', ending: 'ended' })
    expect(reduce({ stage: 'unknown' }, ended)).toEqual({ stage: 'signed_out' })
  })

  it('keeps what it has while the server is away', () => {
    expect(reduce(full, { type: 'unreachable' })).toBe(full)
    expect(reduce({ stage: 'held' }, { type: 'unreachable' })).toEqual({ stage: 'held' })
    expect(reduce({ stage: 'unknown' }, { type: 'unreachable' })).toEqual({ stage: 'unreachable' })
  })

  it('refreshes half a minute before the end, or at half the life of a short token', () => {
    expect(refreshDelay(601_000, 1000)).toBe(570_000)
    expect(refreshDelay(21_000, 1000)).toBe(10_000)
    expect(refreshDelay(0, 1000)).toBe(0)
  })
})
