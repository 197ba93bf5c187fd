import type { Role } from '@/api/schema'

const roles: readonly Role[] = ['owner', 'admin', 'billing', 'member']

/** Only owners make owners; the role that somebody has stays in the list. */
export function assignableRoles(ownRole: Role | undefined, current?: Role): Role[] {
  return roles.filter((role) => role !== 'owner' || ownRole === 'owner' || current === 'owner')
}
