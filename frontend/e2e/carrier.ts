import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'

const accountSid = 'AC00000000000000000000000000000000'
const authToken = '0123456789abcdef0123456789abcdef'
const from = '+15005550006'
const patience = 10_000

/** A text message or a call that the carrier was asked for. */
export interface Handed {
  sid: string
  to: string
  voice: boolean
  /** The text, or what a call says. */
  text: string
  report: string
}

interface Refusal {
  status: number
  code: number
  message: string
}

/** A number that has answered STOP once. */
export const unsubscribed: Refusal = {
  status: 400,
  code: 21610,
  message: 'Attempt to send to unsubscribed recipient',
}
/** Too many requests: the message waits. */
export const busy: Refusal = { status: 429, code: 20429, message: 'Too Many Requests' }

/**
 * Twilio as far as the portal talks to it, on this machine: it takes messages and calls (API of 2010-04-01), refuses what it
 * is told to refuse, and reports what became of a message, signed as Twilio signs.
 */
export class Carrier {
  /** What every request is refused with; nothing: each is taken. */
  refusal: Refusal | undefined
  private readonly server: Server
  private readonly handed: Handed[] = []
  private looked = 0

  private constructor(server: Server) {
    this.server = server
  }

  static async open(): Promise<Carrier> {
    const server = createServer()
    const carrier = new Carrier(server)
    server.on('request', async (request, response) => {
      const { status, body } = await carrier.answer(request)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return carrier
  }

  /** What names this account in the portal's configuration. */
  get settings(): Record<string, string> {
    const address = this.server.address()
    if (!address || typeof address !== 'object') throw new Error('The carrier is closed.')
    return {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_FROM: from,
      TWILIO_BASE_URL: `http://127.0.0.1:${address.port}`,
    }
  }

  /** The next message or call that was not looked at yet. */
  async next(): Promise<Handed & { code: string }> {
    const deadline = Date.now() + patience
    while (Date.now() < deadline) {
      const handed = this.handed[this.looked]
      if (handed) {
        this.looked++
        return { ...handed, code: codeOf(handed) }
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('The carrier was asked for nothing.')
  }

  /** Reports as Twilio does: to the address that came with the message, with its signature over that and the form. */
  async report({ sid, voice, report }: Handed, state: string, errorCode?: number): Promise<void> {
    const form: Record<string, string> = {
      AccountSid: accountSid,
      ...(voice ? { CallSid: sid, CallStatus: state } : { MessageSid: sid, MessageStatus: state }),
      ...(errorCode && { ErrorCode: String(errorCode) }),
    }
    const fields = Object.keys(form).sort()
    const signed = report + fields.map((field) => field + form[field]).join('')
    const answer = await fetch(report, {
      method: 'POST',
      headers: { 'X-Twilio-Signature': createHmac('sha1', authToken).update(signed).digest('base64') },
      body: new URLSearchParams(form),
    })
    if (answer.status !== 204) throw new Error(`The portal answers the report with ${answer.status}.`)
  }

  close(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
    if (request.headers.authorization !== `Basic ${credentials}`)
      return { status: 401, body: { code: 20003, message: 'Authenticate', status: 401 } }
    const resource = request.url?.match(/^\/2010-04-01\/Accounts\/AC0+\/(Messages|Calls)\.json$/)?.[1]
    if (request.method !== 'POST' || !resource)
      return { status: 404, body: { code: 20404, message: 'Not found', status: 404 } }
    let form = ''
    for await (const chunk of request) form += chunk
    const fields = new URLSearchParams(form)
    if (this.refusal) return { status: this.refusal.status, body: this.refusal }
    const voice = resource === 'Calls'
    const sid = (voice ? 'CA' : 'SM') + randomBytes(16).toString('hex')
    this.handed.push({
      sid,
      to: fields.get('To') ?? '',
      voice,
      text: fields.get(voice ? 'Twiml' : 'Body') ?? '',
      report: fields.get('StatusCallback') ?? '',
    })
    return { status: 201, body: { account_sid: accountSid, sid, status: 'queued', to: fields.get('To') } }
  }
}

/** The six digits of a text, or those that a call says one by one. */
function codeOf({ voice, text }: Handed): string {
  if (!voice) return text.match(/\b(\d{6})\b/)?.[1] ?? ''
  return [...text.matchAll(/>(\d)</g)]
    .slice(0, 6)
    .map(([, digit]) => digit)
    .join('')
}
