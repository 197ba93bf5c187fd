import type { Enrolment, Verified } from '@/api/schema'

/** What each method's own step gets. */
export interface SetupProps {
  setup: Enrolment
  onVerified: (verified: Verified) => void
  onStartOver: () => void
}
