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

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** How long until `at`, in the largest fitting unit: "in 3 days". */
export function formatDistance(at: string, locale: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit)
  }
  return format.format(Math.round(seconds / 60), 'minute')
}
