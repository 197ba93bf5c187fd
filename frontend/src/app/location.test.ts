import { describe, expect, it } from 'vitest'
import { signInFor, wantedPage } from './location'

const origin = 'https://portal.example'

describe('the wanted page', () => {
  it('is remembered across the sign-in page', () => {
    const signIn = signInFor(new URL(`${origin}/accounts/1/members?q=ann&two_factor=missing`), '/sign-in')
    expect(wantedPage(new URL(signIn, origin))).toBe('/accounts/1/members?q=ann&two_factor=missing')
    expect(signInFor(new URL(origin), '/sign-in')).toBe('/sign-in')
  })

  it.each([
    '//evil.example/',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '/sign-in?next=/me',
    '',
  ])('is the start page instead of %s', (next) => {
    expect(wantedPage(new URL(`/sign-in?${new URLSearchParams({ next })}`, origin))).toBe('/')
  })
})
