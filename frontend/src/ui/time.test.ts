import { describe, expect, it, vi } from 'vitest'
import { formatDay, formatSpan } from './time'

describe('a day', () => {
  it.each(['Pacific/Honolulu', 'UTC', 'Pacific/Auckland'])('is the same day in %s', (zone) => {
    vi.stubEnv('TZ', zone)
    expect(formatDay('2026-11-21', 'en')).toMatch(/21/)
    vi.unstubAllEnvs()
  })
})

describe('a span of time', () => {
  it.each([
    [0, '0 seconds'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [61, '1 minute, 1 second'],
    [3_599, '59 minutes, 59 seconds'],
    [3_600, '1 hour'],
    [86_399, '23 hours, 59 minutes'],
    [86_400, '1 day'],
    [14 * 86_400 - 1, '13 days, 23 hours'],
    [-5, '0 seconds'],
  ])('of %i seconds is said in its two largest units: %s', (seconds, said) => {
    expect(formatSpan(seconds, 'en')).toBe(said)
  })

  it('is said in the language of the person', () => {
    expect(formatSpan(2 * 86_400 + 3_600, 'de')).toMatch(/^2 Tage(,| und) 1 Stunde$/)
  })
})
