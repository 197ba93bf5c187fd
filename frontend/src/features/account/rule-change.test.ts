import { describe, expect, it } from 'vitest'
import type { TwoFactorRule } from '@/api/schema'
import { differences, type Plan } from './rule-change'

const day = 86_400_000
const now = Date.parse('2026-11-21T12:00:00Z')

function rule(more: Partial<TwoFactorRule> = {}): TwoFactorRule {
  return {
    enforced: true,
    minimum_strength: 'no_email',
    members: { total: 4, compliant: 1, missing: 3 },
    invitations: 0,
    api_tokens: 'block',
    guarded_enrolment: false,
    ...more,
  }
}

function plan(more: Partial<Plan> = {}): Plan {
  return { strength: 'no_email', bindsAt: undefined, tokens: 'block', guarded: false, ...more }
}

const inDays = (days: number) => new Date(now + days * day).toISOString()

describe('the change of a rule', () => {
  it('that changes nothing says nothing', () => {
    expect(differences(rule(), plan(), now)).toEqual({ tightens: [], loosens: [] })
    const waits = rule({ grace_until: inDays(3) })
    expect(differences(waits, plan({ bindsAt: now + 3 * day }), now)).toEqual({ tightens: [], loosens: [] })
  })

  it('tells a stronger strength from a weaker one', () => {
    expect(differences(rule(), plan({ strength: 'phishing_resistant' }), now).tightens).toEqual(['harder'])
    expect(differences(rule(), plan({ strength: 'any' }), now).loosens).toEqual(['softer'])
  })

  it('tells whether it binds sooner or later', () => {
    const waits = rule({ grace_until: inDays(10) })
    expect(differences(waits, plan(), now).tightens).toEqual(['sooner'])
    expect(differences(waits, plan({ bindsAt: now + 2 * day }), now).tightens).toEqual(['soonerThen'])
    expect(differences(waits, plan({ bindsAt: now + 20 * day }), now).loosens).toEqual(['later'])
  })

  it('says that a rule which binds opens again by a new deadline', () => {
    const bound = rule({ grace_until: inDays(-1) })
    expect(differences(bound, plan({ bindsAt: now + day }), now).loosens).toEqual(['laterOpen'])
    expect(differences(bound, plan(), now)).toEqual({ tightens: [], loosens: [] })
  })

  it('counts programs and the guard as well', () => {
    const kept = rule({ api_tokens: 'keep' })
    expect(differences(kept, plan({ guarded: true }), now).tightens).toEqual(['tokensBlock', 'guarded'])
    expect(differences(rule({ guarded_enrolment: true }), plan({ tokens: 'keep' }), now).loosens).toEqual([
      'tokensKeep',
      'unguarded',
    ])
  })
})
