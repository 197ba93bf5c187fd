import type { Role } from '@/api/schema'

const roles: readonly Role[] = ['owner', 'admin', 'billing', 'member']

/** Only owners make owners; the role that somebody has stays in the list. */
export function assignableRoles(ownRole: Role | undefined, current?: Role): Role[] {
  return roles.filter((role) => role !== 'owner' || ownRole === 'owner' || current === 'owner')
}

/** Whether a role may do less than another. */
export function isLess(role: Role, than: Role): boolean {
  return roles.indexOf(role) > roles.indexOf(than)
}
