import { ProblemError } from './problem'

/** A key for one wish, such as one filled form: the same key with the same body happens once, however often it is sent. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // A page without TLS is no secure context and has no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const pauses = [400, 1_200]

/** Makes a call that bears a key again where nobody knows what became of it: the answer was lost, or is on its way. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ProblemError) || !isUnknown(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return call()
}

function isUnknown(error: ProblemError): boolean {
  return error.passing || error.code === 'idempotency_in_flight'
}

/** The server has said no: nothing happened, and the next try is another wish. */
export function isRefusal(error: unknown): error is ProblemError {
  if (!(error instanceof ProblemError) || isUnknown(error)) return false
  return error.status >= 400 && error.status < 500
}
