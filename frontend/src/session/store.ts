import { type Api, body, createApi, createBareApi, type TokenSource, type Transport } from '@/api/client'
import { asProblem, hasCode, ProblemError } from '@/api/problem'
import type { ConfirmationRequest, SecondFactorAnswer, Session, SignInResult, Standing } from '@/api/schema'
import { confirming } from './confirmation/confirming'
import { type Confirmation, createConfirmation } from './confirmation/kept'
import { createEnrolments, type Enrolments } from './enrolment/enrolments'
import type { Keeper } from './enrolment/open-enrolment'
import type { HintKeeper } from './hint'
import { afterInterruptedRefresh, markRefresh } from './interrupted'
import type { Lock } from './lock'
import { type Ending, isBetween, reduce, type SessionChange, type SessionState, tokenOf } from './state'
import type { TabChannel } from './tabs'

export interface SessionStore {
  /** The client that every signed-in call goes through. It refreshes, and has confirmed, what needs that. */
  api: Api
  confirmation: Confirmation
  enrolment: Enrolments
  state(): SessionState
  subscribe(listener: () => void): () => void
  /** Asks who this browser is signed in as. Called on page load, and again after `unreachable`. */
  restore(): Promise<void>
  signIn(email: string, password: string): Promise<void>
  answerSecondFactor(answer: SecondFactorAnswer): Promise<void>
  /** What was shown counts for the next five minutes. */
  confirm(shown: ConfirmationRequest): Promise<void>
  /** "Okay": the factor of the open enrolment counts from now on, and this session has it. */
  activateFactor(): Promise<void>
  signOut(): Promise<void>
  /** Gives up a sign-in that was begun and not finished. */
  abandon(ending?: Ending): void
  /** New tokens in exchange for those that come with `since`; nothing happens if they are gone already. */
  refresh(since: string | undefined): Promise<void>
  /** A second factor became due: everything about the account goes at once, then the partial token is fetched. */
  fall(): Promise<void>
  /** What the server says of the person, from whichever answer or event. */
  learn(standing: Standing): void
  /** Waits until no call that changes the tokens is under way. */
  settled(): Promise<void>
}

interface Parts {
  transport: Transport
  lock: Lock
  tabs: TabChannel
  now: () => number
  hint: HintKeeper
  keeper: Keeper
}

/** How a page learns where it stands: as a session, or as a sign-in between the doors, which a cookie knows of. */
type Way = 'refresh' | 'resume'

const patience = 15_000

export function createSession({ transport, lock, tabs, now, hint, keeper }: Parts): SessionStore {
  const confirmation = createConfirmation(now)
  const bare = createBareApi(transport)
  const listeners = new Set<() => void>()
  let state: SessionState = { stage: 'unknown' }
  let refreshing: Promise<void> | undefined

  function change(next: SessionChange) {
    const before = state
    state = reduce(state, next)
    if (next.type !== 'standing' && state !== before) account(next, before)
    if (state !== before) for (const listener of listeners) listener()
  }

  /** What was confirmed, and what is being enrolled, belongs to whoever it was that did it. */
  function account(next: SessionChange, before: SessionState) {
    // A session that has got another factor is the same one.
    if (next.type !== 'opened' || before.stage !== 'full') confirmation.forget()
    const opened =
      next.type === 'opened' ? next.session : next.type === 'answered' ? sessionOf(next.result) : undefined
    if (opened?.confirmation_token) confirmation.keep(opened.confirmation_token)
    if (next.type === 'ended' || (next.type === 'answered' && next.by === 'sign_in')) enrolment.forget()
  }

  const tokens: TokenSource = {
    token: () => tokenOf(state),
    async renew(refused, code) {
      const { stage } = state
      const due = code === 'second_factor_due' || code === 'enrolment_due'
      await (due && stage === 'full' && tokenOf(state) === refused ? fall() : refresh(refused))
      const renewed = tokenOf(state)
      return renewed !== refused && state.stage === stage ? renewed : undefined
    },
  }
  const mayAsk = () => state.stage === 'full' && confirmation.hosted()
  const api = createApi(tokens, transport, (sent) => confirming(confirmation, mayAsk, sent))
  // For calls made inside the lock: a refresh would wait for the lock that they hold.
  const lockedApi = createApi({ token: tokens.token, renew: async () => undefined }, transport)

  const enrolment = createEnrolments({ api, keeper, tabs })

  /** A call whose answer replaces the tokens. */
  async function replacing<T>(call: () => Promise<T>): Promise<T> {
    const since = tokenOf(state)
    try {
      return await lock(call)
    } catch (error) {
      if (!since || !hasCode(error, 'unauthenticated') || !(await tokens.renew(since, error.code)))
        throw error
      return await lock(call)
    }
  }

  /** One refresh at a time in this tab, and no refresh beside another call that changes the tokens in any tab. */
  function refresh(since: string | undefined, ways?: Way[]): Promise<void> {
    refreshing ??= lock(async () => {
      if (state.stage === 'held' || tokenOf(state) === since) await exchange(ways ?? waysOn())
    }).finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  /** The likelier way first: whoever was never here costs one request, and whoever was between the doors none in vain. */
  function waysOn(): Way[] {
    const last = state.stage === 'unknown' ? hint.read()?.stage : undefined
    // Another tab may have finished it meanwhile: then there is a session.
    if (isBetween(state) || last === 'between') return ['resume', 'refresh']
    return last === 'full' ? ['refresh', 'resume'] : ['refresh']
  }

  async function exchange(ways: Way[]): Promise<void> {
    await afterInterruptedRefresh()
    for (const by of ways) {
      const result = await askFor(by).catch(asProblem)
      if (!(result instanceof ProblemError)) {
        return change({ type: 'answered', result, by, now: now(), endsAt: endOfSignIn() })
      }
      if (result.status !== 401 && result.status !== 403) return change({ type: 'unreachable' })
    }
    change({ type: 'ended', ending: 'ended' })
  }

  function askFor(by: Way): Promise<SignInResult> {
    const init = { body: {}, keepalive: true, signal: AbortSignal.timeout(patience) }
    if (by === 'resume') return body<SignInResult>(bare.POST('/auth/resume', init))
    return markRefresh(() => body<SignInResult>(bare.POST('/auth/refresh', init)))
  }

  function endOfSignIn(): number | undefined {
    if (isBetween(state)) return state.endsAt
    const last = hint.read()
    return last?.stage === 'between' ? last.endsAt : undefined
  }

  async function fall(): Promise<void> {
    change({ type: 'held' })
    await refreshing
    // That refresh may have been answered before the second factor became due.
    change({ type: 'held' })
    if (state.stage === 'held') await refresh(undefined)
  }

  function open(session: Session) {
    change({ type: 'opened', session, now: now() })
    tabs.post('signed_in')
  }

  tabs.listen((message) => {
    if (message === 'signed_out') return change({ type: 'ended', ending: 'signed_out' })
    if (message !== 'signed_in') return
    // Another tab came in, possibly as somebody else: nothing of the former person may stay here.
    if (state.stage === 'full') void fall()
    else void refresh(tokenOf(state), ['refresh'])
  })

  return {
    api,
    confirmation,
    enrolment,
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async restore() {
      change({ type: 'retried' })
      await refresh(undefined)
    },
    signIn: (email, password) =>
      lock(async () => {
        const result = await body<SignInResult>(
          bare.POST('/auth/sign-in', { body: { email, password, session: 'cookie' } }),
        )
        change({ type: 'answered', result, by: 'sign_in', now: now() })
        if (result.status === 'signed_in') tabs.post('signed_in')
      }),
    answerSecondFactor: (answer) =>
      replacing(async () =>
        open(await body<Session>(lockedApi.POST('/auth/second-factor', { body: answer }))),
      ),
    async confirm(shown) {
      const confirmed = await body(api.POST('/auth/confirmation', { body: shown }))
      confirmation.keep(confirmed.confirmation_token, confirmed.expires_in)
    },
    activateFactor: () =>
      replacing(async () => {
        const from = state.stage
        const activated = await enrolment.activate(lockedApi)
        if (!activated.session) return
        change({ type: 'opened', session: activated.session, now: now() })
        if (from !== 'full') tabs.post('signed_in')
      }),
    async signOut() {
      const leave = () => change({ type: 'ended', ending: 'signed_out' })
      try {
        // Whoever hears that the session has ended waits for the lock, and finds it left by its own person.
        await replacing(async () => {
          await lockedApi.POST('/auth/sign-out')
          leave()
        })
      } catch (error) {
        // Signed out by somebody else is signed out; anything else leaves the session open, and must be said.
        if (!hasCode(error, 'unauthenticated')) throw error
        leave()
      }
      tabs.post('signed_out')
    },
    abandon(ending = 'signed_out') {
      change({ type: 'ended', ending })
    },
    refresh,
    fall,
    learn(standing) {
      const due = standing.state === 'second_factor_due' || standing.state === 'enrolment_due'
      if (state.stage === 'full') {
        if (due) void fall()
      } else if (state.stage === 'enrolment' && standing.state === 'enrolment_due') {
        change({ type: 'standing', standing })
      } else if (isWindow(state) && stageOf(standing) !== state.stage) {
        void refresh(tokenOf(state))
      }
    },
    settled: () => lock(async () => undefined),
  }
}

function sessionOf(result: SignInResult): Session | undefined {
  return result.status === 'signed_in' ? result.session : undefined
}

function isWindow(state: SessionState): boolean {
  return state.stage === 'enrolment' || (state.stage === 'second_factor' && state.live)
}

function stageOf(standing: Standing): SessionState['stage'] {
  if (standing.state === 'enrolment_due') return 'enrolment'
  return standing.state === 'second_factor_due' ? 'second_factor' : 'full'
}
