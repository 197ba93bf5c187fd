import { readTable } from './csv'

/** One member in the report; see the contract for its columns. */
export interface Line {
  person: string
  email: string
  methods: string
  since: string
  last_used: string
  meets_rule: 'yes' | 'no' | 'grace' | 'not_required' | 'unknown'
  member_since: string
  as_of: string
}

export function readReport(text: string): Line[] {
  return readTable(text).map((row) => ({
    person: row.person ?? '',
    email: row.email ?? '',
    methods: row.methods ?? '',
    since: row.since ?? '',
    last_used: row.last_used ?? '',
    meets_rule: answers.find((answer) => answer === row.meets_rule) ?? 'unknown',
    member_since: row.member_since ?? '',
    as_of: row.as_of ?? '',
  }))
}

const answers = ['yes', 'no', 'grace', 'not_required'] as const

export function summary(lines: Line[]) {
  const count = (answer: Line['meets_rule']) => lines.filter((line) => line.meets_rule === answer).length
  return {
    met: count('yes'),
    notMet: count('no'),
    grace: count('grace'),
    unknown: count('unknown'),
    unasked: count('not_required'),
    /** Who has one although nobody asks. */
    protectedToo: lines.filter((line) => line.meets_rule === 'not_required' && line.methods !== '').length,
  }
}
