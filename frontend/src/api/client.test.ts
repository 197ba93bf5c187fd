import { describe, expect, it, vi } from 'vitest'
import { answer, fakeServer, problem } from '@/testing/fake-server'
import { createApi } from './client'
import { ProblemError } from './problem'

const me = { id: 'u1', locale: 'en', standing: { state: 'clear', required_by: [], methods: [] } }

function source(renewed: string | undefined) {
  let token = 'old'
  return {
    token: () => token,
    renew: vi.fn(async () => {
      if (renewed) token = renewed
      return renewed
    }),
  }
}

describe('the client', () => {
  it.each([
    [401, 'unauthenticated'],
    [401, 'second_factor_due'],
    [403, 'enrolment_due'],
  ])('refreshes after %i %s and repeats the request with its body', async (status, code) => {
    const { transport, seen } = fakeServer({
      'PATCH /me': ({ token }) => (token === 'new' ? answer(me) : problem(status, code)),
    })
    const tokens = source('new')
    const { data } = await createApi(tokens, transport).PATCH('/me', { body: { locale: 'de' } })
    expect(data?.id).toBe('u1')
    expect(tokens.renew).toHaveBeenCalledExactlyOnceWith('old', code)
    expect(seen.map((call) => [call.token, call.body])).toEqual([
      ['old', { locale: 'de' }],
      ['new', { locale: 'de' }],
    ])
  })

  it.each([
    [401, 'confirmation_required'],
    [401, 'partial_token'],
    [401, 'invalid_code'],
    [403, 'owner_only'],
  ])('never refreshes after %i %s', async (status, code) => {
    const { transport, seen } = fakeServer({
      'GET /me': () => problem(status, code, { needs: ['password'] }),
    })
    const tokens = source('new')
    await expect(createApi(tokens, transport).GET('/me')).rejects.toMatchObject({ code, needs: ['password'] })
    expect(tokens.renew).not.toHaveBeenCalled()
    expect(seen).toHaveLength(1)
  })

  it('repeats once only', async () => {
    const { transport, seen } = fakeServer({ 'GET /me': () => problem(401, 'unauthenticated') })
    const tokens = source('new')
    await expect(createApi(tokens, transport).GET('/me')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(tokens.renew).toHaveBeenCalledOnce()
    expect(seen).toHaveLength(2)
  })

  it('leaves the first answer standing where the refresh opens nothing', async () => {
    const { transport, seen } = fakeServer({ 'GET /me': () => problem(403, 'enrolment_due') })
    await expect(createApi(source(undefined), transport).GET('/me')).rejects.toMatchObject({
      code: 'enrolment_due',
    })
    expect(seen).toHaveLength(1)
  })

  it('says so where nobody answers, and where the answer is no problem document', async () => {
    const offline = createApi(source('new'), () => Promise.reject(new TypeError('fetch failed')))
    await expect(offline.GET('/me')).rejects.toMatchObject({ code: 'unreachable', passing: true })
    const { transport } = fakeServer({
      'GET /me': () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    })
    const proxied = createApi(source('new'), transport).GET('/me')
    await expect(proxied).rejects.toBeInstanceOf(ProblemError)
    await expect(proxied).rejects.toMatchObject({ code: 'unintelligible', passing: true })
  })
})
