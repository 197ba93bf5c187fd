import type { Transport } from '@/api/client'

export interface Seen {
  method: string
  path: string
  token: string | undefined
  /** The headers of ours: what was confirmed, what is being enrolled, which wish it is. */
  confirmation?: string
  enrolment?: string
  key?: string
  body: unknown
}
export type Answer = Response | Promise<Response>
export type Handler = (seen: Seen) => Answer

/** A server of a few lines: one handler for each "METHOD /path"; it remembers what it was asked. */
export function fakeServer(handlers: Record<string, Handler>): { transport: Transport; seen: Seen[] } {
  const seen: Seen[] = []
  const transport: Transport = async (request) => {
    const path = new URL(request.url).pathname.replace('/api/v1', '')
    const text = await request.text()
    const token = request.headers.get('Authorization')?.replace('Bearer ', '')
    const [confirmation, enrolment, key] = [
      'Sallyport-Confirmation',
      'Sallyport-Enrolment',
      'Idempotency-Key',
    ].map((name) => request.headers.get(name))
    const call: Seen = {
      method: request.method,
      path,
      token,
      ...(confirmation && { confirmation }),
      ...(enrolment && { enrolment }),
      ...(key && { key }),
      body: text ? (JSON.parse(text) as unknown) : undefined,
    }
    seen.push(call)
    const handler = handlers[`${request.method} ${path}`]
    return handler ? await handler(call) : problem(404, 'not_found')
  }
  return { transport, seen }
}

export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
}

export function problem(status: number, code: string, more: object = {}): Response {
  const body = { type: 'about:blank', title: code, status, detail: code, code, request_id: 'r1', ...more }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  })
}

export function signedIn(token: string, more: { expires_in?: number; confirmation_token?: string } = {}) {
  return {
    status: 'signed_in',
    session: { access_token: token, token_type: 'Bearer', expires_in: 600, assurance: 'aal2', ...more },
  }
}

export function enrolmentRequired(token: string) {
  const due = { required_by: ['account'], methods: ['totp'] }
  return { status: 'enrolment_required', partial_token: token, expires_in: 600, ...due }
}

export function secondFactorRequired(token: string) {
  const factors = [{ id: 'f1', type: 'totp', name: 'Phone', hint: 'Authenticator app', default: true }]
  return { status: 'second_factor_required', partial_token: token, expires_in: 600, factors }
}
