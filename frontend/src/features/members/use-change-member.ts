import { useTranslation } from 'react-i18next'
import type { Member, Role } from '@/api/schema'
import { session } from '@/session/session'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshMembers } from './refresh-members'

export type MemberChange = { role?: Role; two_factor_required?: boolean }

/** Changes a member at once, and says what that means for them. */
export function useChangeMember(accountId: string, member: Member, onDone: () => void) {
  const { t } = useTranslation(['members', 'common'])
  const refresh = useRefreshMembers()
  const { name } = member
  return useAction(async (change: MemberChange) => {
    const path = { account_id: accountId, user_id: member.user_id }
    await session.api.PATCH('/accounts/{account_id}/members/{user_id}', { params: { path }, body: change })
    onDone()
    if (change.role) toast(t('roleDone', { name, role: t(`common:role.${change.role}`) }))
    else if (!change.two_factor_required) toast(t('releasedDone', { name }))
    else if (member.two_factor?.methods.length === 0) toast(t('requiredMissing', { name }))
    else toast(t('requiredDone', { name }))
    await refresh()
  })
}
