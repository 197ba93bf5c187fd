import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshSecurity } from './refresh-security'

export function DisableDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['security', 'common'])
  const refresh = useRefreshSecurity()
  const disable = useAction(async () => {
    await session.api.DELETE('/me/factors')
    onClose()
    toast(t('disable.done'))
    await refresh()
  })
  return (
    <Dialog opened onClose={onClose} title={t('disable.title')}>
      <Stack gap="md">
        <Text>{t('disable.text')}</Text>
        {disable.failure !== undefined && <ProblemNotice error={disable.failure} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('common:cancel')}
          </Button>
          <Button color="red" loading={disable.busy} onClick={() => void disable.run()}>
            {t('disable.submit')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
