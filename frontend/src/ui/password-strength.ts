/**
 * How many parts a guesser must get right, by the server's rules (`user.CheckPassword`) but for its list of common
 * passwords, which is too large for a page: any row of letters is taken for common words. So this is an estimate, and
 * the server has the last word.
 */
export function parts(password: string): number {
  const all = [...password.normalize('NFKC').toLowerCase()].slice(0, considered)
  const p = all.slice(0, period(all))
  const readings = [p, ...disguises.map((letters) => p.map((c) => letters[c] ?? c))]
  const least = [0, ...p.map(() => p.length)]
  const reach = (to: number, n: number) => {
    least[to] = Math.min(least[to] ?? n, n)
  }
  for (let from = 0; from < p.length; from++) {
    const before = least[from] ?? 0
    reach(from + 1, before + 1)
    for (const reading of readings) {
      for (let to = from; /^[a-z]$/.test(reading[to] ?? ''); to++) {
        const length = to + 1 - from
        if (length >= shortestWord) reach(to + 1, before + Math.max(2, Math.floor(length / 3)))
      }
    }
    if (/^(19|20)\d\d$/.test(p.slice(from, from + 4).join(''))) reach(from + 4, before + 1)
    for (let to = from + 2; inRow(p[to - 2], p[to - 1], p[to]); to++) reach(to + 1, before + 1)
  }
  return least[p.length] ?? 0
}

export type Strength = 'easy' | 'fair' | 'hard'

/** What the server refuses is easy to guess. */
export function strength(password: string): Strength {
  const n = parts(password)
  return n < 5 ? 'easy' : n < 8 ? 'fair' : 'hard'
}

const considered = 128
const shortestWord = 4

/** Digits and signs as the letters that they stand for. */
const disguises: Record<string, string>[] = [
  { '0': 'o', '1': 'i', '!': 'i', '3': 'e', '4': 'a', '@': 'a', '5': 's', $: 's', '7': 't' },
  { '0': 'o', '1': 'l', '|': 'l', '3': 'e', '4': 'a', '@': 'a', '5': 's', $: 's', '7': 't', '+': 't' },
]

/** The length of the shortest block that p repeats at least twice; all of p where it repeats none. */
function period(p: string[]): number {
  for (let n = 1; n <= p.length / 2; n++) {
    if (p.every((c, i) => i < n || c === p[i - n])) return n
  }
  return p.length
}

/** Three characters that are the same or follow each other: aaa, abc, 321. */
function inRow(a?: string, b?: string, c?: string): boolean {
  if (a === undefined || b === undefined || c === undefined) return false
  const step = (b.codePointAt(0) ?? 0) - (a.codePointAt(0) ?? 0)
  return Math.abs(step) <= 1 && (c.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0) === step
}
