import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ApiToken } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshTokens } from './refresh-tokens'

export function RevokeDialog({ token, onClose }: { token: ApiToken; onClose: () => void }) {
  const { t } = useTranslation(['apiTokens', 'common'])
  const refresh = useRefreshTokens()
  const revoke = useAction(async () => {
    await session.api.DELETE('/me/api-tokens/{token_id}', { params: { path: { token_id: token.id } } })
    onClose()
    toast(t('revoke.done', { name: token.name }))
    await refresh()
  })
  return (
    <Dialog opened onClose={onClose} title={t('revoke.title', { name: token.name })}>
      <Stack gap="md">
        <Text>{t('revoke.text')}</Text>
        {revoke.failure !== undefined && <ProblemNotice error={revoke.failure} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('common:cancel')}
          </Button>
          <Button color="red" loading={revoke.busy} onClick={() => void revoke.run()}>
            {t('revoke.short')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
