import { hasCode } from '@/api/problem'
import type { Problem } from '@/api/schema'

export type Need = NonNullable<Problem['needs']>[number]

/** Shows the confirmation dialog; settles when it was answered, fails with `Cancelled` when it was closed. */
export type Ask = (needs: Need[]) => Promise<void>

/**
 * Makes a call, and where the API wants it confirmed, asks for exactly what is needed and makes the call again. Twice at
 * most: what was confirmed may have run out meanwhile, but an API that is never satisfied must not keep a person typing.
 */
export async function confirmed<T>(call: () => Promise<T>, ask: Ask): Promise<T> {
  for (let asked = 0; ; asked++) {
    try {
      return await call()
    } catch (error) {
      if (!hasCode(error, 'confirmation_required') || asked === 2) throw error
      await ask(error.needs ?? ['password'])
    }
  }
}
