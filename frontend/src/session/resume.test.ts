import { beforeEach, describe, expect, it } from 'vitest'
import {
  answer,
  fakeServer,
  type Handler,
  problem,
  secondFactorRequired,
  signedIn,
} from '@/testing/fake-server'
import { openTab } from '@/testing/tab'

const minute = 60_000
const me = { id: 'u1', locale: 'en', standing: { state: 'second_factor_due', required_by: [], methods: [] } }
const nobody = () => problem(401, 'unauthenticated')

let clock = 0
function browser(handlers: Record<string, Handler>) {
  const server = fakeServer({
    'POST /auth/sign-in': () => answer(secondFactorRequired('p1')),
    'POST /auth/resume': nobody,
    'POST /auth/refresh': nobody,
    ...handlers,
  })
  return { server, open: () => openTab(server, { now: () => clock }).session }
}

beforeEach(() => {
  localStorage.clear()
  clock = 1_000
})

describe('a sign-in between the doors', () => {
  it('is gone on with after a reload, without the password', async () => {
    const { server, open } = browser({ 'POST /auth/resume': () => answer(secondFactorRequired('p2')) })
    await open().signIn('owner@acme.test', 'secret')
    clock += 5 * minute
    const session = open()
    await session.restore()
    expect(session.state()).toMatchObject({
      stage: 'second_factor',
      token: 'p2',
      live: false,
      endsAt: 1_000 + 30 * minute,
    })
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/sign-in', '/auth/resume'])
  })

  it('leaves nothing secret behind', async () => {
    const { open } = browser({})
    await open().signIn('owner@acme.test', 'secret')
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/p1|secret/)
  })

  it('has a new token without a word when the old one has ended, and the call is made again', async () => {
    const { server, open } = browser({
      'POST /auth/resume': () => answer(secondFactorRequired('p2')),
      'GET /me': ({ token }) => (token === 'p2' ? answer(me) : nobody()),
    })
    const session = open()
    await session.signIn('owner@acme.test', 'secret')
    clock += 11 * minute
    await session.api.GET('/me')
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/sign-in', '/me', '/auth/resume', '/me'])
  })

  it('is over when it took too long, and says so', async () => {
    const { open } = browser({ 'GET /me': nobody })
    const session = open()
    await session.signIn('owner@acme.test', 'secret')
    await expect(session.api.GET('/me')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(session.state()).toEqual({ stage: 'signed_out', ending: 'timed_out' })
  })

  it('becomes a session in this tab where another tab has finished it', async () => {
    const { server } = browser({ 'POST /auth/refresh': () => answer(signedIn('a1')) })
    const { session, receive } = openTab(server, { now: () => clock })
    await session.signIn('owner@acme.test', 'secret')
    receive('signed_in')
    await session.settled()
    expect(session.state()).toMatchObject({ stage: 'full', token: 'a1' })
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/sign-in', '/auth/refresh'])
  })

  it('ends for this browser when it is left', async () => {
    const { server, open } = browser({ 'POST /auth/sign-out': () => new Response(null, { status: 204 }) })
    const session = open()
    await session.signIn('owner@acme.test', 'secret')
    await session.signOut()
    expect(server.seen.at(-1)).toMatchObject({ path: '/auth/sign-out', token: 'p1' })
    const next = open()
    await next.restore()
    expect(server.seen.map(({ path }) => path)).not.toContain('/auth/resume')
  })
})

describe('a page that is opened', () => {
  it('by a stranger asks one question, and not whether a sign-in was under way', async () => {
    const { server, open } = browser({})
    await open().restore()
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/refresh'])
  })

  it('by somebody who was signed in asks for the session first', async () => {
    const { server, open } = browser({ 'POST /auth/sign-in': () => answer(signedIn('a1')) })
    await open().signIn('owner@acme.test', 'secret')
    await open().restore()
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/sign-in', '/auth/refresh', '/auth/resume'])
  })

  it('long after a sign-in that came to nothing asks as for a stranger', async () => {
    const { server, open } = browser({})
    await open().signIn('owner@acme.test', 'secret')
    clock += 31 * minute
    await open().restore()
    expect(server.seen.map(({ path }) => path)).toEqual(['/auth/sign-in', '/auth/refresh'])
  })
})
