import { renderHook } from '@testing-library/react'
import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AuditEvent } from '@/api/schema'
import deAudit from '@/locales/de/audit.json'
import deCommon from '@/locales/de/common.json'
import audit from '@/locales/en/audit.json'
import common from '@/locales/en/common.json'
import { useSentence } from './sentence'

beforeAll(async () => {
  await i18n.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: false,
    resources: { en: { audit, common }, de: { audit: deAudit, common: deCommon } },
    interpolation: { escapeValue: false },
  })
})

const ann = { kind: 'person', id: 'a', name: 'Ann' } as const
const max = { kind: 'person', id: 'm', name: 'Max' } as const

function event(
  action: string,
  detail: Record<string, string> = {},
  more: Partial<AuditEvent> = {},
): AuditEvent {
  return {
    id: 'e',
    at: '2026-11-21T12:00:00Z',
    action,
    outcome: 'ok',
    actor: ann,
    user: max,
    address: null,
    detail,
    seq: 1,
    hash: 'f'.repeat(64),
    ...more,
  }
}

const say = (told: AuditEvent) => renderHook(() => useSentence()).result.current(told)

describe('an event', () => {
  it('is said in a plain sentence', () => {
    expect(say(event('member.role_changed', { from: 'member', to: 'admin' }))).toBe(
      'Ann changed the role of Max from Member to Admin.',
    )
    expect(say(event('factor.activated', { type: 'totp' }))).toBe(
      'Max set up a second factor: Authenticator app.',
    )
  })

  it('is said in the language of the person', async () => {
    await i18n.changeLanguage('de')
    expect(say(event('member.removed'))).toBe('Ann hat Max aus dem Konto entfernt.')
    await i18n.changeLanguage('en')
  })

  it('that changes a rule is told from one that enforces it', () => {
    expect(say(event('account.enforced', { enforced_before: 'false', minimum_strength: 'no_email' }))).toBe(
      'Ann enforced two-factor authentication. Minimum strength: No e-mail codes.',
    )
    expect(say(event('account.enforced', { enforced_before: 'true', sign_out_members: 'true' }))).toBe(
      'Ann changed the rule on two-factor authentication. All other members were signed out.',
    )
  })

  it('that was refused says what was tried, and why it was not done', () => {
    expect(say(event('member.removed', { reason: 'last_owner' }, { outcome: 'refused' }))).toBe(
      'Ann tried to remove Max from the account. The last owner has to stay. Make somebody else an owner first.',
    )
  })

  it('of a kind that is not known here is told by its code', () => {
    expect(say(event('account.painted', { colour: 'blue' }))).toBe('Ann: account.painted')
  })

  it('is done by the operator or the portal as well', () => {
    const operator = { kind: 'operator', name: 'Operator' } as const
    expect(say(event('factor.reset', {}, { actor: operator }))).toBe(
      'The operator reset the second factors of Max.',
    )
  })

  it('takes nothing in a name for more than a name', () => {
    const odd = { kind: 'person', id: 'o', name: '{{user}} $t(title)' } as const
    expect(say(event('member.removed', {}, { actor: odd }))).toBe(
      '{{user}} $t(title) removed Max from the account.',
    )
  })
})
