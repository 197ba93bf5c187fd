import { hasCode } from '@/api/problem'
import type { Ask } from './kept'

/**
 * Before the second door there is no session that could be confirmed. Where the API wants the password again there, it goes
 * along with the call itself: asked for once, and again for as long as it is wrong.
 */
export async function withPassword<T>(call: (password?: string) => Promise<T>, ask: Ask): Promise<T> {
  let password: string | undefined
  for (;;) {
    try {
      return await call(password)
    } catch (error) {
      const wrong = password !== undefined && hasCode(error, 'invalid_credentials')
      if (!wrong && (password !== undefined || !hasCode(error, 'confirmation_required'))) throw error
      password = await ask({
        needs: ['password'],
        accepts: undefined,
        ...(wrong && { refused: error }),
      })
      // The question was answered by confirming the session, which has opened meanwhile: the caller's next try has it.
      if (password === undefined) throw error
    }
  }
}
