import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Phone } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshSecurity } from '../refresh-security'

/** Takes a number away; one that a second factor needs stays, and here is why. */
export function RemoveNumberDialog({ phone, onClose }: { phone: Phone; onClose: () => void }) {
  const { t } = useTranslation(['phones', 'common'])
  const refresh = useRefreshSecurity()
  const remove = useAction(async () => {
    const params = { path: { phone_id: phone.id } }
    await session.api.DELETE('/me/phones/{phone_id}', { params })
    onClose()
    toast(t('remove.done', { hint: phone.hint }))
    await refresh()
  })
  const used = phone.factor_id !== undefined
  return (
    <Dialog opened onClose={onClose} title={t('remove.title', { hint: phone.hint })}>
      <Stack gap="md">
        {used ? <Notice tone="note">{t('remove.inUse')}</Notice> : <Text>{t(`remove.${phone.kind}`)}</Text>}
        {remove.failure !== undefined && <ProblemNotice error={remove.failure} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('common:cancel')}
          </Button>
          {used ? (
            <LinkButton to="/me/security">{t('remove.toSecurity')}</LinkButton>
          ) : (
            <Button color="red" loading={remove.busy} onClick={() => void remove.run()}>
              {t('remove.short')}
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  )
}
