import type { FactorType, Problem } from '@/api/schema'

export type Need = NonNullable<Problem['needs']>[number]

/** What a person is asked to show. */
export interface Question {
  needs: Need[]
  /** The second factors that are strong enough, where the API says so; a recovery code always is. */
  accepts: FactorType[] | undefined
  /** Why the last answer was not taken, where the question comes up again. */
  refused?: unknown
}

/**
 * Shows the question; fails with `Cancelled` when it was closed. Before the second door there is no session to confirm:
 * then it answers the password, which goes along with the call itself.
 */
export type Ask = (question: Question) => Promise<string | undefined>

/** What this session has confirmed, and who asks the person for more. In memory only: a reload forgets it. */
export interface Confirmation {
  token(): string | undefined
  /** Without seconds it is as good as any that the API answers: five minutes. */
  keep(token: string, seconds?: number): void
  forget(): void
  /** The page that shows questions from now on; answers how it stops. */
  hostedBy(ask: Ask): () => void
  /** Whether there is a page to show a question. */
  hosted(): boolean
  ask: Ask
}

const fiveMinutes = 300

export function createConfirmation(now: () => number): Confirmation {
  let kept: { token: string; until: number } | undefined
  let host: Ask | undefined
  let asking: ReturnType<Ask> | undefined

  return {
    token: () => (kept && now() < kept.until ? kept.token : undefined),
    keep(token, seconds = fiveMinutes) {
      kept = { token, until: now() + seconds * 1000 }
    },
    forget() {
      kept = undefined
    },
    hostedBy(ask) {
      host = ask
      return () => {
        if (host === ask) host = undefined
      }
    },
    hosted: () => host !== undefined,
    /** One question at a time: whoever asks meanwhile shares its answer, and tries again with that. */
    ask(question) {
      if (!host) return Promise.reject(new Error('There is no confirmation dialog here.'))
      asking ??= host(question).finally(() => {
        asking = undefined
      })
      return asking
    },
  }
}
