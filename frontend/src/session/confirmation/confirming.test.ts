import { describe, expect, it, vi } from 'vitest'
import { Cancelled } from '@/api/cancelled'
import type { Factor } from '@/api/schema'
import { answer, fakeServer, type Handler, problem, signedIn } from '@/testing/fake-server'
import { openTab } from '@/testing/tab'

/** Takes what bears one of these tokens, and asks for the password and a code otherwise. */
function guarded(...good: string[]): Handler {
  return ({ confirmation }) =>
    good.includes(confirmation ?? '')
      ? new Response(null, { status: 204 })
      : problem(401, 'confirmation_required', { needs: ['password', 'second_factor'], accepts: ['passkey'] })
}

const confirmed = (token: string, expires_in = 300) => answer({ confirmation_token: token, expires_in })
const shown = { password: 'secret' }

async function signIn(handlers: Record<string, Handler>, session = signedIn('a1')) {
  let now = 1000
  const server = fakeServer({
    'POST /auth/sign-in': () => answer(session),
    'POST /auth/refresh': () => answer(signedIn('a2')),
    'POST /auth/confirmation': () => confirmed('c1'),
    ...handlers,
  })
  const tab = openTab(server, { now: () => now })
  await tab.session.signIn('owner@acme.test', 'secret')
  const later = (seconds: number) => {
    now += seconds * 1000
  }
  return { ...tab, later }
}

describe('a confirmed call', () => {
  it('asks for exactly what is needed, and is made again with what came of it', async () => {
    const { session, seen } = await signIn({ 'PUT /me/password': guarded('c1') })
    const ask = vi.fn(async () => {
      await session.confirm(shown)
      return undefined
    })
    session.confirmation.hostedBy(ask)
    await session.api.PUT('/me/password', { body: { password: 'another one' } })
    expect(ask).toHaveBeenCalledExactlyOnceWith({
      needs: ['password', 'second_factor'],
      accepts: ['passkey'],
    })
    const calls = seen.filter(({ path }) => path === '/me/password')
    expect(calls.map((call) => [call.confirmation, call.body])).toEqual([
      [undefined, { password: 'another one' }],
      ['c1', { password: 'another one' }],
    ])
  })

  it('asks for nothing while what was confirmed holds, whichever the call', async () => {
    const { session, later } = await signIn({
      'DELETE /me/factors': guarded('c1'),
      'GET /accounts/a1/audit-events.csv': guarded('c1'),
    })
    const ask = vi.fn(async () => {
      await session.confirm(shown)
      return undefined
    })
    session.confirmation.hostedBy(ask)
    await session.confirm(shown)
    later(299)
    await session.api.DELETE('/me/factors')
    await session.api.GET('/accounts/{account_id}/audit-events.csv', {
      params: { path: { account_id: 'a1' } },
      parseAs: 'blob',
    })
    expect(ask).not.toHaveBeenCalled()
    later(2)
    expect(session.confirmation.token()).toBeUndefined()
    await session.api.DELETE('/me/factors')
    expect(ask).toHaveBeenCalledOnce()
  })

  it('needs no question right after a sign-in, and does after a refresh', async () => {
    const { session, seen } = await signIn(
      { 'DELETE /me/factors': guarded('c0') },
      signedIn('a1', { confirmation_token: 'c0' }),
    )
    await session.api.DELETE('/me/factors')
    expect(seen.at(-1)).toMatchObject({ path: '/me/factors', confirmation: 'c0' })
    await session.refresh('a1')
    expect(session.confirmation.token()).toBeUndefined()
  })

  it('stays confirmed while the same session gets another factor', async () => {
    const { session } = await signIn(
      {
        'POST /me/factors/f1/activate': () => answer({ factor: {}, session: signedIn('a2').session }),
      },
      signedIn('a1', { confirmation_token: 'c0' }),
    )
    const factor = {
      id: 'f1',
      type: 'totp',
      name: '',
      status: 'verified',
      hint: '',
      default: false,
    } as Factor
    session.enrolment.begin({ factor, enrolment_token: 'e1' }, { backup: false })
    await session.activateFactor()
    expect(session.state()).toMatchObject({ token: 'a2' })
    expect(session.confirmation.token()).toBe('c0')
  })

  it('keeps nothing where a reload or another page could find it', async () => {
    const { session } = await signIn({}, signedIn('a1', { confirmation_token: 'very-secret' }))
    expect(session.confirmation.token()).toBe('very-secret')
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('very-secret')
  })

  it('is not made again where the person thought better of it', async () => {
    const { session, seen } = await signIn({ 'DELETE /me/factors': guarded('c1') })
    session.confirmation.hostedBy(() => Promise.reject(new Cancelled()))
    await expect(session.api.DELETE('/me/factors')).rejects.toBeInstanceOf(Cancelled)
    expect(seen.filter(({ path }) => path === '/me/factors')).toHaveLength(1)
  })

  it('gives up on an API that is never satisfied', async () => {
    const { session } = await signIn({ 'DELETE /me/factors': guarded() })
    const ask = vi.fn(async () => undefined)
    session.confirmation.hostedBy(ask)
    await expect(session.api.DELETE('/me/factors')).rejects.toMatchObject({ code: 'confirmation_required' })
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('shares one question among calls that are made at the same time', async () => {
    const { session } = await signIn({
      'DELETE /me/factors': guarded('c1'),
      'DELETE /me/phones/p1': guarded('c1'),
    })
    const ask = vi.fn(async () => {
      await session.confirm(shown)
      return undefined
    })
    session.confirmation.hostedBy(ask)
    const phone = { params: { path: { phone_id: 'p1' } } }
    await Promise.all([session.api.DELETE('/me/factors'), session.api.DELETE('/me/phones/{phone_id}', phone)])
    expect(ask).toHaveBeenCalledOnce()
  })

  it('is refused as ever where there is no page to ask on', async () => {
    const { session } = await signIn({ 'DELETE /me/factors': guarded('c1') })
    await expect(session.api.DELETE('/me/factors')).rejects.toMatchObject({ code: 'confirmation_required' })
  })
})
