import { isRefusal } from '@/api/idempotency'
import type { FactorType, Enrolment as Setup } from '@/api/schema'
import type { Enrolments } from '@/session/enrolment/enrolments'

export type Place =
  | { at: 'setup'; type: FactorType; setup: Setup }
  | { at: 'finish'; codes: string[] | undefined; backup: boolean }

/** Where an enrolment stands that was begun before a reload or in another tab; nothing where none can go on with it. */
export async function goOn(enrolment: Enrolments): Promise<Place | undefined> {
  const open = enrolment.kept()
  if (!open) return undefined
  const { type, backup, codesShown } = open
  try {
    const verified = await unlessRefused(enrolment.verifyAgain())
    if (verified) return { at: 'finish', codes: verified.recovery_codes, backup }
    const setup = await enrolment.load()
    if (setup.factor.status === 'pending') return { at: 'setup', type, setup }
    // Proven, and its codes were shown in an answer that nothing repeats: nobody is bound to codes they did not keep.
    return codesShown || open.verify ? undefined : { at: 'finish', codes: undefined, backup }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
