import type { Problem } from './schema'

/**
 * The one kind of error that calls to the API fail with. `code` is the contract's stable code, or one of two of our
 * own: `unreachable` (no answer) and `unintelligible` (an answer that is no problem document, such as a proxy's page).
 */
export class ProblemError extends Error implements Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly request_id: string
  readonly errors: Problem['errors']
  readonly attempts_left: Problem['attempts_left']
  readonly needs: Problem['needs']
  readonly accepts: Problem['accepts']
  readonly required_by: Problem['required_by']
  /** Seconds, from the header. */
  readonly retryAfter: number | undefined

  constructor(problem: Partial<Problem> & { code: string }, retryAfter?: number) {
    super(problem.detail ?? problem.code)
    this.name = 'ProblemError'
    this.type = problem.type ?? 'about:blank'
    this.title = problem.title ?? ''
    this.status = problem.status ?? 0
    this.detail = problem.detail ?? ''
    this.code = problem.code
    this.request_id = problem.request_id ?? ''
    this.errors = problem.errors
    this.attempts_left = problem.attempts_left
    this.needs = problem.needs
    this.accepts = problem.accepts
    this.required_by = problem.required_by
    this.retryAfter = retryAfter
  }

  /** Worth another try without changing anything: the network, or a server that is not ready. */
  get passing(): boolean {
    return this.code === 'unreachable' || this.status === 502 || this.status === 503 || this.status === 504
  }

  /** Whether a field of the request was refused (`/name` and so on). */
  concerns(pointer: string): boolean {
    return this.errors?.some((field) => field.pointer === pointer) ?? false
  }
}

export function asProblem(error: unknown): ProblemError {
  return error instanceof ProblemError
    ? error
    : new ProblemError({ code: 'unreachable', detail: String(error) })
}

export function hasCode(error: unknown, ...codes: string[]): error is ProblemError {
  return error instanceof ProblemError && codes.includes(error.code)
}

/** Reads a refused answer without consuming it. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined
  try {
    const body: unknown = await response.clone().json()
    if (isProblem(body)) return new ProblemError(body, retryAfter)
  } catch {
    // Not JSON: falls through to the answer for everything unintelligible.
  }
  return new ProblemError(
    { code: 'unintelligible', status: response.status, title: response.statusText },
    retryAfter,
  )
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
}
