import { Button, Group, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Member } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshMembers } from './refresh-members'

interface RemoveDialogProps {
  accountId: string
  member: Member
  self: boolean
  onClose: () => void
}

export function RemoveDialog({ accountId, member, self, onClose }: RemoveDialogProps) {
  const { t } = useTranslation(['members', 'common'])
  const navigate = useNavigate()
  const refresh = useRefreshMembers()
  const remove = useAction(async () => {
    const path = { account_id: accountId, user_id: member.user_id }
    await session.api.DELETE('/accounts/{account_id}/members/{user_id}', { params: { path } })
    onClose()
    toast(self ? t('leave.done') : t('remove.done', { name: member.name }))
    if (self) await navigate({ to: '/' })
    await refresh()
  })
  return (
    <Dialog
      opened
      onClose={onClose}
      title={self ? t('leave.title') : t('remove.title', { name: member.name })}
    >
      <Stack gap="md">
        <Text>{self ? t('leave.text') : t('remove.text')}</Text>
        {remove.failure !== undefined && <ProblemNotice error={remove.failure} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('common:cancel')}
          </Button>
          <Button color="red" loading={remove.busy} onClick={() => void remove.run()}>
            {self ? t('leave.submit') : t('remove.submit')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
