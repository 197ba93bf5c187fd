import type { MinimumStrength } from './schema'

/** Every minimum strength, the weakest first: each accepts what the next does, and more. */
export const strengths = [
  'any',
  'no_email',
  'no_email_no_sms',
  'phishing_resistant',
] as const satisfies readonly MinimumStrength[]
