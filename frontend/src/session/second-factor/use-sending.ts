import { useState } from 'react'
import type { Challenge, ChallengeRequest } from '@/api/schema'
import { useAction } from '@/ui/use-action'

/** How a code travels: to the number or mailbox itself, or else to the backup number; as a message, or else by a call. */
export type Way = Omit<ChallengeRequest, 'factor_id'>

/** A code that was sent, and the way that it went. */
export interface Sent {
  challenge: Challenge
  way: Way
}

/** The challenge, if its code comes as a text message: what the browser may take it out of. */
export function textOf(sent: Sent | undefined): string | undefined {
  return sent?.challenge.type === 'sms' && !sent.way.by_voice ? sent.challenge.challenge_id : undefined
}

/** Sends codes: the newest is the one that counts. */
export function useSending(ask: (way: Way) => Promise<Challenge>, first?: Challenge) {
  const [sent, setSent] = useState<Sent | undefined>(first && { challenge: first, way: {} })
  const sending = useAction(async (way: Way) => setSent({ challenge: await ask(way), way }))
  return { sent, send: sending.run, busy: sending.busy, failure: sending.failure }
}
