import { hasCode } from '@/api/problem'
import type { Problem } from '@/api/schema'

export type Need = NonNullable<Problem['needs']>[number]

/**
 * Shows the confirmation dialog; fails with `Cancelled` when it was closed. Before the second door there is no session
 * to confirm: then it answers the password, which goes along with the call itself.
 */
export type Ask = (needs: Need[], refused?: unknown) => Promise<string | undefined>

/**
 * Makes a call, and where the API wants it confirmed, asks for exactly what is needed and makes the call again. Twice at
 * most: what was confirmed may have run out meanwhile, but an API that is never satisfied must not keep a person typing.
 */
export async function confirmed<T>(call: (password?: string) => Promise<T>, ask: Ask): Promise<T> {
  let password: string | undefined
  for (let asked = 0; ; ) {
    try {
      return await call(password)
    } catch (error) {
      if (password !== undefined && hasCode(error, 'invalid_credentials')) {
        password = await ask(['password'], error)
      } else if (hasCode(error, 'confirmation_required') && asked < 2) {
        asked++
        password = await ask(error.needs ?? ['password'])
      } else throw error
    }
  }
}
