import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Enrolment } from '@/api/schema'
import {
  answer,
  enrolmentRequired,
  fakeServer,
  type Handler,
  problem,
  type Seen,
  signedIn,
} from '@/testing/fake-server'
import { type Browser, openTab, tabMemory } from '@/testing/tab'

const factor = { id: 'f1', type: 'totp', name: 'Authenticator app', status: 'pending', hint: '' }
const totp = { secret: 'JBSWY3DP', otpauth_uri: 'otpauth://totp/x', qr_svg: '<svg/>' }
const begun = { factor, enrolment_token: 'e1', totp } as Enrolment
const wish = { replaces: undefined, backup: false }
const codes = ['AAAA-BBBB-CCCC-DDDD', 'EEEE-FFFF-GGGG-HHHH']
const lost = () => problem(503, 'unavailable')

/** A server with one open enrolment, which knows a proof again by its key. */
function house(more: Record<string, Handler> = {}) {
  const verified = new Map<string, unknown>()
  let open = true
  const own =
    (then: Handler): Handler =>
    (seen) =>
      open && seen.enrolment === 'e1' ? then(seen) : problem(404, 'not_found')
  const server = fakeServer({
    'POST /auth/sign-in': () => answer(enrolmentRequired('p1')),
    'POST /auth/resume': () => answer(enrolmentRequired('p2')),
    'GET /me/factors/f1/enrolment': own(() =>
      answer(verified.size > 0 ? { factor: { ...factor, status: 'verified' } } : { factor, totp }),
    ),
    'POST /me/factors/f1/verify': own(({ key, body }) => {
      if (verified.has(key ?? '')) return answer({ factor, recovery_codes: codes })
      if (verified.size > 0) return problem(409, 'factor_not_pending')
      if ((body as { code: string }).code !== '123456') return problem(422, 'invalid_code')
      verified.set(key ?? '', body)
      return answer({ factor, recovery_codes: codes })
    }),
    'POST /me/factors/f1/activate': own(() => answer({ factor, session: signedIn('a1').session })),
    'DELETE /me/factors/f1/enrolment': own(() => {
      open = false
      return new Response(null, { status: 204 })
    }),
    ...more,
  })
  return { server, calls: (path: string): Seen[] => server.seen.filter((call) => call.path.endsWith(path)) }
}

async function inTheWindow(at = house()) {
  const memory = tabMemory()
  const tab = openTab(at.server, { memory })
  await tab.session.signIn('member@acme.test', 'secret')
  tab.session.enrolment.begin(begun, wish)
  /** What the next page of the same tab finds. */
  const reload = async () => {
    const next = openTab(at.server, { memory })
    await next.session.restore()
    return next
  }
  return { ...tab, ...at, memory, reload }
}

beforeEach(() => localStorage.clear())

describe('an open enrolment', () => {
  it('is there with the same secret after a reload, without the password', async () => {
    const { reload, calls } = await inTheWindow()
    const { session } = await reload()
    expect(session.state()).toMatchObject({ stage: 'enrolment', token: 'p2', live: false })
    await expect(session.enrolment.load()).resolves.toMatchObject({ totp: { secret: 'JBSWY3DP' } })
    expect(calls('/enrolment').at(-1)).toMatchObject({ token: 'p2', enrolment: 'e1' })
  })

  it('keeps no secret, and no recovery code', async () => {
    const { session, memory } = await inTheWindow()
    await session.enrolment.verify({ code: '123456' })
    const kept = memory.getItem('sallyport.enrolment') ?? ''
    expect(kept).toContain('"factorId":"f1"')
    for (const secret of ['JBSWY3DP', ...codes]) expect(kept).not.toContain(secret)
  })

  it('shows the same recovery codes after a reload: the same proof is sent with the same key', async () => {
    const { session, reload, calls } = await inTheWindow()
    await session.enrolment.verify({ code: '123456' })
    const after = await reload()
    await expect(after.session.enrolment.verifyAgain()).resolves.toMatchObject({ recovery_codes: codes })
    const [first, second] = calls('/verify')
    expect(first?.key).toMatch(/^[\x21-\x7e]{8,}$/)
    expect(second).toMatchObject({ key: first?.key, body: { code: '123456' }, enrolment: 'e1' })
  })

  it('gives each other code a key of its own', async () => {
    const { session, calls } = await inTheWindow()
    await expect(session.enrolment.verify({ code: '000000' })).rejects.toMatchObject({ code: 'invalid_code' })
    await expect(session.enrolment.verify({ code: '000000' })).rejects.toMatchObject({ code: 'invalid_code' })
    await session.enrolment.verify({ code: '123456' })
    expect(new Set(calls('/verify').map(({ key }) => key)).size).toBe(3)
  })

  it('takes what the former code has opened, where its answer was lost', async () => {
    vi.useFakeTimers()
    const at = house()
    const { transport } = at.server
    let away = true
    at.server.transport = async (request) => {
      const response = await transport(request)
      return away && request.url.endsWith('/verify') ? lost() : response
    }
    const { session } = await inTheWindow(at)
    const first = expect(session.enrolment.verify({ code: '123456' })).rejects.toMatchObject({
      code: 'unavailable',
    })
    await vi.runAllTimersAsync()
    await first
    vi.useRealTimers()
    away = false
    await expect(session.enrolment.verify({ code: '654321' })).resolves.toMatchObject({
      recovery_codes: codes,
    })
  })

  it('is activated by one key, however often the answer is lost', async () => {
    vi.useFakeTimers()
    let tries = 0
    const { session, calls } = await inTheWindow(
      house({
        'POST /me/factors/f1/activate': () =>
          ++tries < 3 ? lost() : answer({ factor, session: signedIn('a1').session }),
      }),
    )
    const okay = session.activateFactor()
    await vi.runAllTimersAsync()
    await okay
    vi.useRealTimers()
    const keys = calls('/activate').map(({ key }) => key)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(session.state()).toMatchObject({ stage: 'full', token: 'a1' })
    expect(session.enrolment.kept()).toBeUndefined()
  })

  it('is forgotten when it is cancelled, and when it is not there any more', async () => {
    const { session, reload, calls, memory } = await inTheWindow()
    await session.enrolment.cancel()
    expect(calls('/enrolment').at(-1)).toMatchObject({ method: 'DELETE', enrolment: 'e1' })
    expect(memory.length).toBe(0)
    session.enrolment.begin(begun, wish)
    const after = await reload()
    await expect(after.session.enrolment.load()).rejects.toMatchObject({ code: 'not_found' })
    expect(after.session.enrolment.kept()).toBeUndefined()
    expect(memory.length).toBe(0)
  })

  it('is forgotten with the session that it belongs to', async () => {
    const { session, memory } = await inTheWindow()
    session.abandon()
    expect(memory.length).toBe(0)
  })
})

describe('a second tab', () => {
  it('gets from the first what that is in the middle of, and both go on from the same proof', async () => {
    const { server, calls } = house()
    const browser: Browser = new Set()
    const first = openTab(server, { browser })
    await first.session.signIn('member@acme.test', 'secret')
    first.session.enrolment.begin(begun, wish)

    const second = openTab(server, { browser })
    await second.session.restore()
    expect(second.session.state()).toMatchObject({ stage: 'enrolment', token: 'p2' })
    const found = await second.session.enrolment.fromOtherTab()
    expect(found).toMatchObject({ factorId: 'f1', token: 'e1' })
    second.session.enrolment.adopt(found ?? expect.fail())
    await expect(second.session.enrolment.load()).resolves.toMatchObject({ totp: { secret: 'JBSWY3DP' } })

    await first.session.enrolment.verify({ code: '123456' })
    await vi.waitFor(() => expect(second.session.enrolment.kept()?.verify).toBeDefined())
    await expect(second.session.enrolment.verify({ code: '999999' })).resolves.toMatchObject({
      recovery_codes: codes,
    })
    expect(new Set(calls('/verify').map(({ key }) => key)).size).toBe(1)

    await first.session.activateFactor()
    await vi.waitFor(() => expect(second.session.enrolment.kept()).toBeUndefined())
  })

  it('begins anew where no other answers', async () => {
    const { session } = openTab(house().server)
    await expect(session.enrolment.fromOtherTab()).resolves.toBeUndefined()
  })
})
