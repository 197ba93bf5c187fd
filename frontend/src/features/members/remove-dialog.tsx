import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Member } from '@/api/schema'
import { session } from '@/session/session'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { AskDialog } from './ask-dialog'
import { useRefreshMembers } from './refresh-members'

interface RemoveDialogProps {
  accountId: string
  member: Member
  self: boolean
  onClose: () => void
}

export function RemoveDialog({ accountId, member, self, onClose }: RemoveDialogProps) {
  const { t } = useTranslation('members')
  const navigate = useNavigate()
  const cache = useQueryClient()
  const refresh = useRefreshMembers()
  const remove = useAction(async () => {
    const path = { account_id: accountId, user_id: member.user_id }
    await session.api.DELETE('/accounts/{account_id}/members/{user_id}', { params: { path } })
    onClose()
    toast(self ? t('leave.done') : t('remove.done', { name: member.name }))
    if (self) {
      // The start page leads to an account of the list: the one that was left must be out of it before.
      await cache.invalidateQueries({ queryKey: ['get', '/accounts'] })
      await navigate({ to: '/' })
    }
    await refresh()
  })
  return (
    <AskDialog
      title={self ? t('leave.title') : t('remove.title', { name: member.name })}
      submit={self ? t('leave.submit') : t('remove.submit')}
      busy={remove.busy}
      failure={remove.failure}
      onSubmit={() => void remove.run()}
      onClose={onClose}
    >
      {self ? t('leave.text') : t('remove.text')} {self && member.role === 'owner' && t('leave.owner')}
    </AskDialog>
  )
}
