import { Authenticator } from './authenticator'
import { password } from './person'

interface Session {
  access_token: string
  confirmation_token?: string
}
interface Enrolled {
  factor: { id: string }
  enrolment_token: string
  totp: { secret: string }
}

const number = 'SP-100001'

/** The API as a program calls it, for the owner of the demo's account. */
export class Program {
  private readonly url: string
  private token = ''
  private confirmation = ''
  private account = ''
  private answer: () => Promise<object> = async () => ({})

  constructor(url: string) {
    this.url = url
  }

  /** Signs in with the password, and sets up an authenticator app. */
  async protect(email: string): Promise<void> {
    const signedIn = await this.call<{ session: Session }>('POST', '/auth/sign-in', { email, password })
    this.open(signedIn.session)
    const begun = await this.call<Enrolled>('POST', '/me/factors', { type: 'totp' })
    const { factor, enrolment_token: enrolment, totp } = begun
    const app = new Authenticator(totp.secret)
    const headers = { 'Sallyport-Enrolment': enrolment }
    await this.call('POST', `/me/factors/${factor.id}/verify`, { code: await app.code() }, headers)
    const activated = `/me/factors/${factor.id}/activate`
    this.open((await this.call<{ session: Session }>('POST', activated, undefined, headers)).session)
    const { items } = await this.call<{ items: { id: string }[] }>('GET', '/accounts')
    this.account = items[0]?.id ?? ''
    this.answer = async () => ({ type: 'totp', factor_id: factor.id, code: await app.code() })
  }

  /** Enforces a rule, or changes the one that is. */
  async putRule(rule: object): Promise<void> {
    const shown = { password, second_factor: await this.answer() }
    this.open({
      access_token: this.token,
      ...(await this.call<{ confirmation_token: string }>('POST', '/auth/confirmation', shown)),
    })
    const body = { enforced: true, account_number: number, ...rule }
    await this.call('PUT', `/accounts/${this.account}/two-factor`, body)
  }

  private open({ access_token: token, confirmation_token: confirmation = '' }: Session): void {
    this.token = token
    this.confirmation = confirmation
  }

  private async call<T>(method: string, path: string, body?: object, headers = {}): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(this.token && { Authorization: `Bearer ${this.token}` }),
        ...(this.confirmation && { 'Sallyport-Confirmation': this.confirmation }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }
}

/** The owner sets up an authenticator app and enforces, by the API. */
export async function enforce(url: string, rule: object): Promise<Program> {
  const owner = new Program(url)
  await owner.protect('owner@acme.test')
  await owner.putRule(rule)
  return owner
}
