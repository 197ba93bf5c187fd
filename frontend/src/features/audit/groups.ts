/** Kinds of events in plain words, and how the actions of each begin. */
const beginnings = {
  rule: 'account.enforce',
  incident: 'incident.',
  factor: 'factor.',
  member: 'member.',
  invitation: 'invitation.',
  account: 'account.',
  evidence: 'evidence.',
} as const

export type Group = keyof typeof beginnings

export const groups = Object.keys(beginnings) as Group[]

export function beginningOf(group: Group | undefined): string | undefined {
  return group && beginnings[group]
}
