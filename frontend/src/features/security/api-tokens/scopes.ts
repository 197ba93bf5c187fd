import type { Scope } from '@/api/schema'

/** Where the words for each scope are: a colon in a key would name another file of texts. */
export const scopeTexts = {
  'portal:read': 'portalRead',
  'portal:write': 'portalWrite',
  'account:read': 'accountRead',
  'account:write': 'accountWrite',
} as const satisfies Record<Scope, string>

export const scopes = Object.keys(scopeTexts) as Scope[]
