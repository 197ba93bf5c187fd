import { useState } from 'react'
import { hasCode } from '@/api/problem'
import type { SecondFactorAnswer } from '@/api/schema'
import { session } from '@/session/session'

/** Sends an answer to the second door. `closed` says that this sign-in takes no more of them. */
export function useAnswer(onRefused: () => void) {
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  async function send(answer: SecondFactorAnswer) {
    if (busy) return
    setBusy(true)
    setFailure(undefined)
    try {
      await session.answerSecondFactor(answer)
    } catch (error) {
      setFailure(error)
      setBusy(false)
      onRefused()
    }
  }

  const closed = hasCode(failure, 'too_many_attempts', 'factor_disabled')
  return { send, busy, failure, closed }
}
