import type { Ref } from 'react'
import type { Challenge, ChallengeRequest, FactorType, SecondFactorAnswer } from '@/api/schema'

/** A factor as far as it matters for answering with it. */
export interface AnsweringFactor {
  id: string
  type: FactorType
  name: string
  hint: string
  backup_hint?: string
}

export type AskChallenge = (request: ChallengeRequest) => Promise<Challenge>

/** What the form around a way to answer may ask of it. */
export interface Answering {
  /** The answer as it stands; nothing where the person has not given one. */
  collect(): Promise<SecondFactorAnswer | undefined>
  /** After a refusal: away with the code, back to the field. */
  again(): void
}

/** What each way to answer gets from the form around it. */
export interface WayProps<F = AnsweringFactor> {
  ref: Ref<Answering>
  factor: F
  ask: AskChallenge
  error: string | undefined
  busy: boolean
  /** Nothing before it in the form wants to be filled in first. */
  takesFocus: boolean
  onReady: (ready: boolean) => void
  /** A code is complete: no need to press the button. Absent where something else has to be filled in too. */
  onFull?: (() => void) | undefined
}
