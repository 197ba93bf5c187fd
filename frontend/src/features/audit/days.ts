/** The moment at which a day begins where the person is, or the day after it. */
export function beginningOfDay(day: string, after = 0): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + after).toISOString()
}

/** The day (UTC) of a moment. */
export function dayOf(moment: string | number): string {
  return new Date(moment).toISOString().slice(0, 10)
}
