import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { useMe } from '@/session/me'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { Notice } from '@/ui/notice'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { RecoveryCodes } from '@/ui/recovery-codes'
import { Time } from '@/ui/time'
import { useAction } from '@/ui/use-action'
import { useRefreshSecurity } from './refresh-security'

const few = 3

export function RecoveryCodesPanel() {
  const { t } = useTranslation(['security', 'common'])
  const active = useMe().data?.two_factor?.active ?? false
  const count = query.useQuery('get', '/me/recovery-codes', {}, { enabled: active })
  const [open, setOpen] = useState(false)
  if (!active) return null
  return (
    <Panel title={t('codes.title')} description={t('codes.description')}>
      <QueryView query={count} lines={2}>
        {({ remaining, total, created_at: createdAt }) => (
          <Stack gap="md" align="flex-start">
            {remaining < few && <Notice tone="warn">{t('codes.few')}</Notice>}
            <Text>
              {t('codes.left', { remaining, count: total })}
              {createdAt && (
                <Text span c="dimmed">
                  {' · '}
                  {t('codes.since')} <Time at={createdAt} />
                </Text>
              )}
            </Text>
            <Button variant="default" onClick={() => setOpen(true)}>
              {t('codes.regenerate')}
            </Button>
          </Stack>
        )}
      </QueryView>
      {open && <RegenerateDialog onClose={() => setOpen(false)} />}
    </Panel>
  )
}

function RegenerateDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['security', 'common'])
  const refresh = useRefreshSecurity()
  const [codes, setCodes] = useState<string[]>()
  const regenerate = useAction(async () => {
    const made = await body(session.api.POST('/me/recovery-codes'))
    setCodes(made.recovery_codes)
    await refresh()
  })
  return (
    <Dialog opened onClose={onClose} size="lg" title={t('codes.regenerate')}>
      {codes ? (
        <Stack gap="md">
          <RecoveryCodes codes={codes} />
          <Button onClick={onClose}>{t('codes.okay')}</Button>
        </Stack>
      ) : (
        <Stack gap="md">
          <Text>{t('codes.voidWarning')}</Text>
          {regenerate.failure !== undefined && <ProblemNotice error={regenerate.failure} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button data-autofocus loading={regenerate.busy} onClick={() => void regenerate.run()}>
              {t('codes.make')}
            </Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  )
}
