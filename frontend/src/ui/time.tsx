import { useTranslation } from 'react-i18next'

/** A moment as a date, with the time of day where `clock` is set; the machine's form is in the markup. */
export function Time({ at, clock = false }: { at: string; clock?: boolean }) {
  const { i18n } = useTranslation()
  return <time dateTime={at}>{formatTime(at, i18n.language, clock)}</time>
}

/** The browser's own variety of the language, where it has one: dates differ between regions that share it. */
export function regional(locale: string): string {
  return navigator.languages.find((tag) => tag.startsWith(`${locale}-`)) ?? locale
}

export function formatTime(at: string, locale: string, clock = false): string {
  const style = clock
    ? ({ dateStyle: 'medium', timeStyle: 'short' } as const)
    : ({ dateStyle: 'medium' } as const)
  return new Intl.DateTimeFormat(regional(locale), style).format(new Date(at))
}

/** A day as such, which is the same wherever it is read. */
export function formatDay(day: string, locale: string): string {
  const style = { dateStyle: 'medium', timeZone: 'UTC' } as const
  return new Intl.DateTimeFormat(regional(locale), style).format(new Date(day))
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** A span of seconds in its two largest units, which is exact enough to see it run: "13 days, 4 hours". */
export function formatSpan(seconds: number, locale: string): string {
  const first = units.findIndex(([, size]) => seconds >= size)
  const parts: string[] = []
  let rest = Math.max(0, seconds)
  for (const [unit, size] of units.slice(first < 0 ? units.length - 1 : first).slice(0, 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count === 0 && parts.length > 0) continue
    parts.push(new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count))
  }
  return new Intl.ListFormat(locale, { type: 'unit', style: 'long' }).format(parts)
}
