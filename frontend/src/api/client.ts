import createClient, { type Client } from 'openapi-fetch'
import { Cancelled } from './cancelled'
import { asProblem, readProblem } from './problem'
import type { paths } from './schema.gen'

export type Api = Client<paths>
export type Transport = (request: Request) => Promise<Response>

/** Who holds the tokens. The client asks; it never decides where the person goes. */
export interface TokenSource {
  token(): string | undefined
  /**
   * Called when `refused` was refused with a code that a refresh may mend. Answers the token to repeat the request with,
   * or nothing where there is none that opens the same doors.
   */
  renew(refused: string, code: string): Promise<string | undefined>
}

/** A refresh mends these and no other: after `confirmation_required` it would loop. */
const mendedByRefresh = new Set(['unauthenticated', 'second_factor_due', 'enrolment_due'])

export const browserTransport: Transport = (request) => globalThis.fetch(request)

/** A client that throws a `ProblemError` for every refusal, and knows nothing of tokens. */
export function createBareApi(transport: Transport = browserTransport): Api {
  const api = createClient<paths>({ baseUrl: `${globalThis.location.origin}/api/v1`, fetch: transport })
  api.use({
    async onResponse({ response }) {
      if (!response.ok) throw await readProblem(response)
    },
    // A cancelled request is no failure: whoever cancelled it wants the original.
    onError: ({ error }) =>
      error instanceof Cancelled || (error instanceof DOMException && error.name === 'AbortError')
        ? undefined
        : asProblem(error),
  })
  return api
}

/**
 * The same client with a token on each request, refreshed once where that helps. `around` is what else has to be done to
 * each request; it sees an answer once nothing is left to refresh.
 */
export function createApi(
  tokens: TokenSource,
  transport: Transport = browserTransport,
  around: (transport: Transport) => Transport = (inner) => inner,
): Api {
  return createBareApi(around(authorised(tokens, transport)))
}

export function authorised(tokens: TokenSource, transport: Transport): Transport {
  return async (request) => {
    const token = tokens.token()
    if (!token) return transport(request)
    const repeat = request.clone()
    const response = await transport(withToken(request, token))
    if (response.status !== 401 && response.status !== 403) return response
    const { code } = await readProblem(response)
    if (!mendedByRefresh.has(code)) return response
    const renewed = await tokens.renew(token, code)
    return renewed ? transport(withToken(repeat, renewed)) : response
  }
}

function withToken(request: Request, token: string): Request {
  request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

/** The body of a call that answers one. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call
  if (data === undefined || data === null) throw asProblem('The answer has no body.')
  return data
}
