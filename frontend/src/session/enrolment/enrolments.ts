import { type Api, body } from '@/api/client'
import { insist, isRefusal, newKey } from '@/api/idempotency'
import { hasCode, ProblemError } from '@/api/problem'
import type { Activated, Challenge, Enrolment, Verified, VerifyRequest } from '@/api/schema'
import type { TabChannel } from '../tabs'
import type { Keeper, OpenEnrolment } from './open-enrolment'

type Proof = VerifyRequest
type Wish = Pick<OpenEnrolment, 'replaces' | 'backup'>

/** The one enrolment that this tab is in the middle of, over reloads, until it ends. */
export interface Enrolments {
  kept(): OpenEnrolment | undefined
  /** From here on it can be gone on with. */
  begin(setup: Enrolment, wish: Wish): void
  /** Takes over what another tab is in the middle of. */
  adopt(open: OpenEnrolment): void
  /** What another tab of this browser is in the middle of; nothing where none answers in a short time. */
  fromOtherTab(): Promise<OpenEnrolment | undefined>
  /** The same secret and QR code again, the newest challenge, or the passkey's options. */
  load(): Promise<Enrolment>
  resend(byVoice: boolean): Promise<Challenge>
  verify(proof: Proof): Promise<Verified>
  /** Sends the proof again that was sent already; nothing where none was. */
  verifyAgain(): Promise<Verified | undefined>
  /** "Okay", through a client of the caller's: its answer replaces the tokens. */
  activate(api: Api): Promise<Activated>
  cancel(): Promise<void>
  /** It is over, or nobody's here any more. */
  forget(): void
}

interface Parts {
  api: Api
  keeper: Keeper
  tabs: TabChannel
}

const patience = 300

export function createEnrolments({ api, keeper, tabs }: Parts): Enrolments {
  let open = keeper.read()

  function keep(next: OpenEnrolment | undefined) {
    open = next
    keeper.write(next)
  }

  function current(): OpenEnrolment {
    if (!open) throw new ProblemError({ code: 'not_found', status: 404 })
    return open
  }

  /** Tabs that stand in the same enrolment learn what was sent: whichever goes on, goes on from there. */
  function update(more: Partial<OpenEnrolment>): OpenEnrolment {
    const next = { ...current(), ...more }
    keep(next)
    tabs.post({ type: 'enrolment', open: next })
    return next
  }

  function end() {
    if (open) tabs.post({ type: 'enrolment_ended', factorId: open.factorId })
    keep(undefined)
  }

  /** An enrolment that is not there any more is over for this tab too. */
  async function call<T>(make: (open: OpenEnrolment) => Promise<T>): Promise<T> {
    const asked = current()
    try {
      return await make(asked)
    } catch (error) {
      if (hasCode(error, 'not_found') && open?.factorId === asked.factorId) end()
      throw error
    }
  }

  async function send(wish: { key: string; body: Proof }): Promise<Verified> {
    try {
      return await call((asked) =>
        insist(() =>
          body<Verified>(
            api.POST('/me/factors/{factor_id}/verify', {
              params: paramsOf(asked, wish.key),
              body: wish.body,
            }),
          ),
        ),
      )
    } catch (error) {
      if (open && isRefusal(error)) update({ verify: undefined })
      throw error
    }
  }

  /** The answer to a former proof never came, and it may have been taken: what it answers comes before another. */
  async function former(): Promise<Verified | undefined> {
    try {
      return open?.verify && (await send(open.verify))
    } catch (error) {
      if (isRefusal(error) && open) return undefined
      throw error
    }
  }

  tabs.listen((message) => {
    if (typeof message === 'string') return
    if (message.type === 'enrolment_wanted') {
      if (open) tabs.post({ type: 'enrolment', open })
    } else if (message.type === 'enrolment') {
      if (open?.factorId === message.open.factorId) keep(message.open)
    } else if (open?.factorId === message.factorId) keep(undefined)
  })

  return {
    kept: () => open,
    begin(setup, { replaces, backup }) {
      keep({
        factorId: setup.factor.id,
        token: setup.enrolment_token ?? '',
        type: setup.factor.type,
        replaces,
        backup,
        codesShown: (setup.recovery_codes?.length ?? 0) > 0,
      })
    },
    adopt: keep,
    fromOtherTab: () =>
      new Promise((resolve) => {
        const stop = tabs.listen((message) => {
          if (typeof message !== 'string' && message.type === 'enrolment') done(message.open)
        })
        const timer = setTimeout(() => done(undefined), patience)
        function done(found: OpenEnrolment | undefined) {
          clearTimeout(timer)
          stop()
          resolve(found)
        }
        tabs.post({ type: 'enrolment_wanted' })
      }),
    load: () =>
      call((asked) => body(api.GET('/me/factors/{factor_id}/enrolment', { params: paramsOf(asked) }))),
    resend: (byVoice) =>
      call((asked) => {
        const params = paramsOf(asked)
        const request = byVoice ? { params, body: { by_voice: true } } : { params }
        return body(api.POST('/me/factors/{factor_id}/challenges', request))
      }),
    async verify(proof) {
      const sent = current().verify
      if (sent && !isSame(sent.body, proof)) {
        const verified = await former()
        if (verified) return verified
      }
      const wish = open?.verify ?? { key: newKey(), body: proof }
      update({ verify: wish })
      return send(wish)
    },
    async verifyAgain() {
      return open?.verify && send(open.verify)
    },
    async activate(locked) {
      const { activateKey = newKey() } = current()
      update({ activateKey })
      const activated = await call((asked) => insist(() => body(postActivate(locked, asked, activateKey))))
      end()
      return activated
    },
    async cancel() {
      if (!open) return
      const params = paramsOf(open)
      end()
      // What nobody goes on with ends by itself in time.
      await api.DELETE('/me/factors/{factor_id}/enrolment', { params }).catch(() => {})
    },
    forget: () => keep(undefined),
  }
}

function postActivate(api: Api, open: OpenEnrolment, key: string) {
  // A reload in between must not throw the answer's cookie away.
  return api.POST('/me/factors/{factor_id}/activate', { params: paramsOf(open, key), keepalive: true })
}

function paramsOf({ factorId, token }: OpenEnrolment, key?: string) {
  return {
    path: { factor_id: factorId },
    header: { 'Sallyport-Enrolment': token, ...(key && { 'Idempotency-Key': key }) },
  }
}

function isSame(one: Proof, other: Proof): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
