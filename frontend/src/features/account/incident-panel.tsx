import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, TwoFactorRule } from '@/api/schema'
import { Notice } from '@/ui/notice'
import { Panel } from '@/ui/panel'
import { StatusBadge } from '@/ui/status-badge'
import { formatTime } from '@/ui/time'
import { EndIncidentDialog } from './end-incident-dialog'
import { StartIncidentDialog } from './start-incident-dialog'

/** The button for the worst hour; to others than owners it shows only what is going on. */
export function IncidentPanel({ account, rule }: { account: Account; rule: TwoFactorRule }) {
  const { t, i18n } = useTranslation('account')
  const [open, setOpen] = useState<'start' | 'end'>()
  const { incident } = rule
  const owner = account.role === 'owner'
  if (!incident && !owner) return null
  return (
    <Panel
      title={t('incident.title')}
      description={t('incident.description')}
      actions={
        <StatusBadge tone={incident ? 'bad' : 'plain'}>
          {incident ? t('incident.running') : t('incident.none')}
        </StatusBadge>
      }
    >
      <Stack gap="md" align="flex-start">
        {incident ? (
          <Notice
            tone="warn"
            title={t('incident.since', {
              name: incident.by,
              date: formatTime(incident.since, i18n.language, true),
            })}
          >
            {t('incident.shut')}{' '}
            {t(incident.api_tokens_paused ? 'incident.tokensPaused' : 'incident.tokensWork')}
          </Notice>
        ) : (
          <Text>{t('incident.what')}</Text>
        )}
        {owner ? (
          <Button
            color={incident ? undefined : 'red'}
            variant={incident ? 'filled' : 'outline'}
            onClick={() => setOpen(incident ? 'end' : 'start')}
          >
            {incident ? t('incident.endOpen') : t('incident.open')}
          </Button>
        ) : (
          <Text size="sm" c="dimmed">
            {t('incident.whoMayEnd')}
          </Text>
        )}
      </Stack>
      {/* Another owner may have been faster: what was asked for is then done. */}
      {open === 'end' && incident && (
        <EndIncidentDialog
          account={account}
          tokensPaused={incident.api_tokens_paused}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === 'start' && !incident && (
        <StartIncidentDialog account={account} rule={rule} onClose={() => setOpen(undefined)} />
      )}
    </Panel>
  )
}
