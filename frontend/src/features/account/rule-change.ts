import type { ApiTokenRule, MinimumStrength, TwoFactorRule } from '@/api/schema'
import { strengths } from '@/api/strength'

/** A rule as it would be. */
export interface Plan {
  strength: MinimumStrength
  /** When it binds, in milliseconds; undefined: at once, or long since. */
  bindsAt: number | undefined
  tokens: ApiTokenRule
  guarded: boolean
}

export type Difference =
  | 'harder'
  | 'softer'
  | 'sooner'
  | 'soonerThen'
  | 'later'
  | 'laterOpen'
  | 'tokensBlock'
  | 'tokensKeep'
  | 'guarded'
  | 'unguarded'

/** What a change makes of a rule that is enforced: what tightens it, and what loosens it. */
export function differences(
  rule: TwoFactorRule,
  plan: Plan,
  now: number,
): { tightens: Difference[]; loosens: Difference[] } {
  const tightens: Difference[] = []
  const loosens: Difference[] = []
  const stronger = strengths.indexOf(plan.strength) - strengths.indexOf(rule.minimum_strength)
  if (stronger > 0) tightens.push('harder')
  if (stronger < 0) loosens.push('softer')

  const deadline = deadlineOf(rule, now)
  if (deadline !== undefined && plan.bindsAt === undefined) tightens.push('sooner')
  else if (deadline !== undefined && plan.bindsAt !== undefined) {
    if (plan.bindsAt < deadline) tightens.push('soonerThen')
    if (plan.bindsAt > deadline) loosens.push('later')
  } else if (plan.bindsAt !== undefined) loosens.push('laterOpen')

  if (plan.tokens !== rule.api_tokens) {
    if (plan.tokens === 'block') tightens.push('tokensBlock')
    else loosens.push('tokensKeep')
  }
  if (plan.guarded !== rule.guarded_enrolment) {
    if (plan.guarded) tightens.push('guarded')
    else loosens.push('unguarded')
  }
  return { tightens, loosens }
}

/** The deadline of a rule that does not bind yet. */
export function deadlineOf(rule: TwoFactorRule, now: number): number | undefined {
  const deadline = rule.grace_until ? Date.parse(rule.grace_until) : 0
  return deadline > now ? deadline : undefined
}
