import { body } from '@/api/client'
import type { Enrolment, Factor, PasskeyCredential } from '@/api/schema'
import { session } from '@/session/session'

export interface Verified {
  factor: Factor
  recovery_codes?: string[]
}

/** What each method's own step gets. */
export interface SetupProps {
  setup: Enrolment
  onVerified: (verified: Verified) => void
  onStartOver: () => void
}

export function verify(
  factorId: string,
  proof: { code: string } | { credential: PasskeyCredential },
): Promise<Verified> {
  const params = { path: { factor_id: factorId } }
  return body(session.api.POST('/me/factors/{factor_id}/verify', { params, body: proof }))
}
