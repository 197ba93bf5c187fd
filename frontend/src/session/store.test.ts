import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Enrolment, Standing } from '@/api/schema'
import {
  answer,
  enrolmentRequired,
  fakeServer,
  type Handler,
  problem,
  secondFactorRequired,
  signedIn,
} from '@/testing/fake-server'
import { openTab } from '@/testing/tab'

const me = { id: 'u1', locale: 'en', standing: { state: 'clear', required_by: [], methods: [] } }
const due: Standing = { state: 'enrolment_due', required_by: ['account'], methods: ['totp'] }

const start = (handlers: Record<string, Handler>) => openTab(fakeServer(handlers))

/** An authenticator app that is being enrolled. */
const setup = {
  factor: { id: 'f1', type: 'totp', name: 'Authenticator app', status: 'pending', hint: '' },
  enrolment_token: 'e1',
} as Enrolment
const wish = { replaces: undefined, backup: false }

beforeEach(() => localStorage.clear())

/** Refreshes that answer these, one after another. */
function refreshes(...results: unknown[]): Handler {
  let next = 0
  return () => {
    const result = results[next++]
    return result ? answer(result) : problem(401, 'unauthenticated')
  }
}

describe('the session', () => {
  it('learns on page load who is signed in', async () => {
    const { session, seen } = start({ 'POST /auth/refresh': refreshes(signedIn('a1')) })
    await session.restore()
    expect(session.state()).toEqual({ stage: 'full', token: 'a1', expiresAt: 601_000 })
    expect(seen[0]).toMatchObject({ token: undefined, body: {} })
  })

  it('is signed out without a notice where there was no session', async () => {
    const { session } = start({ 'POST /auth/refresh': refreshes() })
    await session.restore()
    expect(session.state()).toEqual({ stage: 'signed_out' })
  })

  it('stays undecided where the server cannot be reached', async () => {
    const { session } = start({ 'POST /auth/refresh': () => problem(503, 'unavailable') })
    await session.restore()
    expect(session.state()).toEqual({ stage: 'unreachable' })
  })

  it('refreshes once for many requests that are refused at the same time', async () => {
    const { session, seen } = start({
      'POST /auth/refresh': refreshes(signedIn('a1'), signedIn('a2')),
      'GET /me': ({ token }) => (token === 'a2' ? answer(me) : problem(401, 'unauthenticated')),
    })
    await session.restore()
    await Promise.all([session.api.GET('/me'), session.api.GET('/me'), session.api.GET('/me')])
    expect(seen.filter((call) => call.path === '/auth/refresh')).toHaveLength(2)
  })

  it('does not use a refresh token again for a request that was refused late', async () => {
    const { session, seen } = start({ 'POST /auth/refresh': refreshes(signedIn('a1'), signedIn('a2')) })
    await session.restore()
    await session.refresh('a1')
    await session.refresh('a1')
    expect(seen).toHaveLength(2)
  })

  it('never refreshes because a confirmation is asked for', async () => {
    const { session, seen } = start({
      'POST /auth/refresh': refreshes(signedIn('a1')),
      'DELETE /me/factors': () =>
        problem(401, 'confirmation_required', { needs: ['password', 'second_factor'] }),
    })
    await session.restore()
    await expect(session.api.DELETE('/me/factors')).rejects.toMatchObject({ code: 'confirmation_required' })
    expect(seen.map((call) => call.path)).toEqual(['/auth/refresh', '/me/factors'])
  })

  it('falls to the enrolment window by way of nothing at all when any request says that it is due', async () => {
    const { session } = start({
      'POST /auth/refresh': refreshes(signedIn('a1'), enrolmentRequired('p1')),
      'GET /accounts': () => problem(403, 'enrolment_due'),
    })
    await session.restore()
    const stages: string[] = []
    session.subscribe(() => stages.push(session.state().stage))
    const calls = [session.api.GET('/accounts'), session.api.GET('/accounts')]
    await Promise.allSettled(calls)
    expect(stages).toEqual(['held', 'enrolment'])
    expect(session.state()).toMatchObject({
      live: true,
      token: 'p1',
      requiredBy: ['account'],
      methods: ['totp'],
    })
  })

  it('falls when it learns that a second factor is due, and comes back when it is not', async () => {
    const { session } = start({
      'POST /auth/refresh': refreshes(signedIn('a1'), secondFactorRequired('p1'), signedIn('a2')),
    })
    await session.restore()
    session.learn({ ...due, state: 'second_factor_due' })
    expect(session.state().stage).toBe('held')
    await vi.waitFor(() => expect(session.state()).toMatchObject({ stage: 'second_factor', live: true }))
    session.learn({ ...due, state: 'clear' })
    await vi.waitFor(() => expect(session.state()).toMatchObject({ stage: 'full', token: 'a2' }))
  })

  it('does not refresh beside an activation: its answer makes the refresh needless', async () => {
    let activated = (_: Response) => {}
    const { session, seen } = start({
      'POST /auth/refresh': refreshes(enrolmentRequired('p1')),
      'POST /me/factors/f1/activate': () => new Promise<Response>((resolve) => (activated = resolve)),
    })
    await session.restore()
    session.enrolment.begin(setup, wish)
    const activation = session.activateFactor()
    await vi.waitFor(() => expect(seen).toHaveLength(2))
    session.learn({ ...due, state: 'clear' })
    activated(answer({ factor: {}, session: signedIn('a1').session }))
    await activation
    await session.settled()
    expect(session.state()).toMatchObject({ stage: 'full', token: 'a1' })
    expect(seen.filter((call) => call.path === '/auth/refresh')).toHaveLength(1)
  })

  it('signs in by both doors, with a cookie session', async () => {
    const { session, seen, posted } = start({
      'POST /auth/sign-in': () => answer(secondFactorRequired('p1')),
      'POST /auth/second-factor': () => answer(signedIn('a1').session),
    })
    await session.signIn('member@acme.test', 'secret')
    expect(session.state()).toMatchObject({ stage: 'second_factor', live: false })
    await session.answerSecondFactor({ type: 'totp', factor_id: 'f1', code: '123456' })
    expect(session.state()).toMatchObject({ stage: 'full', token: 'a1' })
    expect(seen[0]?.body).toMatchObject({ session: 'cookie' })
    expect(seen[1]?.token).toBe('p1')
    expect(posted).toEqual(['signed_in'])
  })

  it('renews a partial token that ended before it was used', async () => {
    const { session } = start({
      'POST /auth/refresh': refreshes(enrolmentRequired('p1'), enrolmentRequired('p2')),
      'POST /me/factors/f1/activate': ({ token }) =>
        token === 'p2'
          ? answer({ factor: {}, session: signedIn('a1').session })
          : problem(401, 'unauthenticated'),
    })
    await session.restore()
    session.enrolment.begin(setup, wish)
    await session.activateFactor()
    expect(session.state()).toMatchObject({ stage: 'full', token: 'a1' })
  })

  it('signs the other tabs out', async () => {
    const { session, posted } = start({
      'POST /auth/refresh': refreshes(signedIn('a1')),
      'POST /auth/sign-out': () => new Response(null, { status: 204 }),
    })
    await session.restore()
    await session.signOut()
    expect(session.state()).toEqual({ stage: 'signed_out', ending: 'signed_out' })
    expect(posted).toEqual(['signed_out'])
  })

  it('says that the person has signed out, though the news of the ended session is faster than the answer', async () => {
    let done = (_: Response) => {}
    const { session } = start({
      'POST /auth/refresh': refreshes(signedIn('a1')),
      'POST /auth/sign-out': () => new Promise((resolve) => (done = resolve)),
    })
    await session.restore()
    const signingOut = session.signOut()
    const heard = session.settled().then(() => session.fall())
    await new Promise((resolve) => setTimeout(resolve))
    done(new Response(null, { status: 204 }))
    await Promise.all([signingOut, heard])
    expect(session.state()).toEqual({ stage: 'signed_out', ending: 'signed_out' })
  })

  it('does not pretend to be signed out when the server was not told', async () => {
    const { session } = start({
      'POST /auth/refresh': refreshes(signedIn('a1')),
      'POST /auth/sign-out': () => problem(503, 'unavailable'),
    })
    await session.restore()
    await expect(session.signOut()).rejects.toMatchObject({ code: 'unavailable' })
    expect(session.state().stage).toBe('full')
  })

  it('is signed out by another tab, and signed in by another tab', async () => {
    const { session, receive } = start({ 'POST /auth/refresh': refreshes(signedIn('a1'), signedIn('b1')) })
    await session.restore()
    receive('signed_out')
    expect(session.state()).toEqual({ stage: 'signed_out', ending: 'signed_out' })
    receive('signed_in')
    await vi.waitFor(() => expect(session.state()).toMatchObject({ stage: 'full', token: 'b1' }))
  })
})
