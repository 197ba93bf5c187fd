import { describe, expect, it, vi } from 'vitest'
import { Cancelled } from '@/api/cancelled'
import { ProblemError } from '@/api/problem'
import { withPassword } from './with-password'

const asked = new ProblemError({ code: 'confirmation_required', status: 401, needs: ['password'] })
const refused = new ProblemError({ code: 'invalid_credentials', status: 401 })

describe('a call before the second door', () => {
  it('takes the password along where it is asked for, and asks again for a wrong one', async () => {
    const call = vi.fn(async (password?: string) => {
      if (password === undefined) throw asked
      if (password === 'wrong') throw refused
      return 'done'
    })
    const ask = vi.fn().mockResolvedValueOnce('wrong').mockResolvedValueOnce('right')
    await expect(withPassword(call, ask)).resolves.toBe('done')
    const question = { needs: ['password'], accepts: undefined }
    expect(ask.mock.calls).toEqual([[question], [{ ...question, refused }]])
    expect(call.mock.calls).toEqual([[undefined], ['wrong'], ['right']])
  })

  it('is not made again where the person thought better of it', async () => {
    const call = vi.fn().mockRejectedValue(asked)
    const closed = () => Promise.reject(new Cancelled())
    await expect(withPassword(call, closed)).rejects.toBeInstanceOf(Cancelled)
    expect(call).toHaveBeenCalledOnce()
  })

  it('passes every other refusal on', async () => {
    const call = vi.fn().mockRejectedValue(new ProblemError({ code: 'method_not_accepted', status: 409 }))
    await expect(withPassword(call, vi.fn())).rejects.toMatchObject({ code: 'method_not_accepted' })
  })
})
