import type { FactorHint, FactorType, RequiredBy, Session, SignInResult, Standing } from '@/api/schema'

/** Why the person stands before the sign-in page. */
export type Ending = 'signed_out' | 'ended' | 'timed_out'

interface Held {
  token: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** Behind the first door only. `live`: an open session fell back to here, as opposed to a sign-in under way. */
interface Waiting extends Held {
  live: boolean
  /** Of a sign-in under way: when it ends. Its tokens end before that, and are had again until then. */
  endsAt?: number
}
export interface SecondFactorStage extends Waiting {
  stage: 'second_factor'
  factors: FactorHint[]
}
export interface EnrolmentStage extends Waiting {
  stage: 'enrolment'
  requiredBy: RequiredBy[]
  methods: FactorType[]
}
export interface FullStage extends Held {
  stage: 'full'
}

/**
 * Who is signed in, as one value. `held` is the moment between learning that a second factor is due and holding the
 * partial token for it: nothing about the account is shown any more.
 */
export type SessionState =
  | { stage: 'unknown' }
  | { stage: 'unreachable' }
  | { stage: 'signed_out'; ending?: Ending }
  | { stage: 'held' }
  | SecondFactorStage
  | EnrolmentStage
  | FullStage

/** `resume` goes on with a sign-in between the two doors, `refresh` with a session. */
export type AnsweredBy = 'sign_in' | 'resume' | 'refresh'

export type SessionChange =
  | { type: 'answered'; result: SignInResult; by: AnsweredBy; now: number; endsAt?: number | undefined }
  | { type: 'opened'; session: Session; now: number }
  | { type: 'held' }
  | { type: 'standing'; standing: Standing }
  | { type: 'ended'; ending: Ending }
  | { type: 'unreachable' }
  | { type: 'retried' }

export function reduce(state: SessionState, change: SessionChange): SessionState {
  switch (change.type) {
    case 'answered':
      return answered(change.result, change.by, change.now, change.endsAt)
    case 'opened':
      return full(change.session, change.now)
    case 'held':
      return state.stage === 'full' ? { stage: 'held' } : state
    case 'standing':
      return state.stage === 'enrolment'
        ? { ...state, requiredBy: change.standing.required_by, methods: change.standing.methods }
        : state
    case 'ended':
      return ended(state, change.ending)
    case 'unreachable':
      return state.stage === 'unknown' ? { stage: 'unreachable' } : state
    case 'retried':
      return state.stage === 'unreachable' ? { stage: 'unknown' } : state
  }
}

/** How long a sign-in may take from the first door to the second. The contract says it, and no answer does. */
const signInLife = 30 * 60_000

function answered(result: SignInResult, by: AnsweredBy, now: number, endsAt?: number): SessionState {
  const waiting = by === 'refresh' ? { live: true } : { live: false, endsAt: endsAt ?? now + signInLife }
  switch (result.status) {
    case 'signed_in':
      return full(result.session, now)
    case 'second_factor_required': {
      const { partial_token: token, expires_in, factors } = result
      return { stage: 'second_factor', ...waiting, token, expiresAt: now + expires_in * 1000, factors }
    }
    case 'enrolment_required': {
      const { partial_token: token, expires_in, required_by: requiredBy, methods } = result
      return {
        stage: 'enrolment',
        ...waiting,
        token,
        expiresAt: now + expires_in * 1000,
        requiredBy,
        methods,
      }
    }
  }
}

function full(session: Session, now: number): FullStage {
  return { stage: 'full', token: session.access_token, expiresAt: now + session.expires_in * 1000 }
}

function ended(state: SessionState, ending: Ending): SessionState {
  // A first visit without a session is no ending, and a second notice does not replace the first.
  if (state.stage === 'unknown' || state.stage === 'unreachable') return { stage: 'signed_out' }
  if (state.stage === 'signed_out') return state
  if (ending === 'ended' && 'live' in state && !state.live)
    return { stage: 'signed_out', ending: 'timed_out' }
  return { stage: 'signed_out', ending }
}

/** A sign-in under way, when it stands between the two doors. */
export function isBetween(state: SessionState): state is SecondFactorStage | EnrolmentStage {
  return 'live' in state && !state.live
}

export function tokenOf(state: SessionState): string | undefined {
  return 'token' in state ? state.token : undefined
}

/** How long to wait before the token is exchanged: half a minute before it ends, or half its life if it is short. */
export function refreshDelay(expiresAt: number, now: number): number {
  const left = expiresAt - now
  return Math.max(0, left - 30_000, Math.min(left / 2, 30_000))
}
