import { describe, expect, it, vi } from 'vitest'
import { ProblemError } from '@/api/problem'
import { Cancelled } from '@/ui/use-action'
import { confirmed } from './confirmed'

const asked = (...needs: ('password' | 'second_factor')[]) =>
  new ProblemError({ code: 'confirmation_required', status: 401, needs })

describe('a confirmed call', () => {
  it('asks for nothing where nothing is asked for', async () => {
    const ask = vi.fn()
    await expect(confirmed(async () => 'done', ask)).resolves.toBe('done')
    expect(ask).not.toHaveBeenCalled()
  })

  it('asks for exactly what is needed, then repeats the call', async () => {
    const call = vi.fn().mockRejectedValueOnce(asked('password', 'second_factor')).mockResolvedValue('done')
    const ask = vi.fn(async () => undefined)
    await expect(confirmed(call, ask)).resolves.toBe('done')
    expect(ask).toHaveBeenCalledExactlyOnceWith(['password', 'second_factor'])
    expect(call).toHaveBeenCalledTimes(2)
  })

  it('does not repeat a call that was not confirmed', async () => {
    const call = vi.fn().mockRejectedValue(asked('password'))
    await expect(confirmed(call, async () => Promise.reject(new Cancelled()))).rejects.toBeInstanceOf(
      Cancelled,
    )
    expect(call).toHaveBeenCalledOnce()
  })

  it('gives up on an API that is never satisfied', async () => {
    const call = vi.fn().mockRejectedValue(asked('password'))
    const ask = vi.fn(async () => undefined)
    await expect(confirmed(call, ask)).rejects.toMatchObject({ code: 'confirmation_required' })
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('sends the password along where there is no session to confirm, and asks again for a wrong one', async () => {
    const refused = new ProblemError({ code: 'invalid_credentials', status: 401 })
    const call = vi.fn(async (password?: string) => {
      if (password === undefined) throw asked('password')
      if (password === 'wrong') throw refused
      return 'done'
    })
    const ask = vi.fn().mockResolvedValueOnce('wrong').mockResolvedValueOnce('right')
    await expect(confirmed(call, ask)).resolves.toBe('done')
    expect(ask.mock.calls).toEqual([[['password']], [['password'], refused]])
    expect(call.mock.calls).toEqual([[undefined], ['wrong'], ['right']])
  })

  it('passes every other refusal on', async () => {
    const call = vi.fn().mockRejectedValue(new ProblemError({ code: 'owner_only', status: 403 }))
    await expect(confirmed(call, vi.fn())).rejects.toMatchObject({ code: 'owner_only' })
  })
})
