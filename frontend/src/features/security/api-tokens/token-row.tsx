import { Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ApiToken } from '@/api/schema'
import { session } from '@/session/session'
import { Icon } from '@/ui/icon'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusBadge, type Tone } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import classes from '../factor-row.module.css'
import { useRefreshTokens } from './refresh-tokens'
import { scopeTexts } from './scopes'

const tones: Record<ApiToken['status'], Tone> = {
  active: 'good',
  suspended: 'warn',
  paused: 'warn',
  expired: 'plain',
  revoked: 'plain',
}

export function TokenRow({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const { t } = useTranslation('apiTokens')
  const { name, status, scopes } = token
  const over = status === 'expired' || status === 'revoked'
  const refresh = useRefreshTokens()
  const resume = useAction(async () => {
    await session.api.POST('/me/api-tokens/{token_id}/resume', { params: { path: { token_id: token.id } } })
    toast(t('resume.done', { name }))
    await refresh()
  })
  return (
    <li>
      <div className={classes.row}>
        <span className={classes.icon}>
          <Icon name="key" size={24} />
        </span>
        <div className={classes.text}>
          <Group gap="xs">
            <strong>{name}</strong>
            <StatusBadge tone={tones[status]}>{t(`status.${status}`)}</StatusBadge>
          </Group>
          <Text size="sm">{scopes.map((scope) => t(`scope.${scopeTexts[scope]}.name`)).join(' · ')}</Text>
          <Text size="sm" c="dimmed">
            {t('ends', { hint: token.hint })} · {t('made')} <Time at={token.created_at} /> ·{' '}
            {t(status === 'expired' ? 'expired' : 'expires')} <Time at={token.expires_at} /> ·{' '}
            {token.last_used_at ? (
              <>
                {t('lastUsed')} <Time at={token.last_used_at} clock />
              </>
            ) : (
              t('neverUsed')
            )}
          </Text>
          {(status === 'suspended' || status === 'paused') && (
            <Text size="sm" c="dimmed">
              {t(`why.${status}`)}
            </Text>
          )}
        </div>
        <Group gap="xs" className={classes.actions}>
          {status === 'suspended' && (
            <Button
              size="xs"
              loading={resume.busy}
              onClick={() => void resume.run()}
              aria-label={t('resume.named', { name })}
            >
              {t('resume.short')}
            </Button>
          )}
          {!over && (
            <Button size="xs" variant="default" onClick={onRevoke} aria-label={t('revoke.named', { name })}>
              {t('revoke.short')}
            </Button>
          )}
        </Group>
      </div>
      {resume.failure !== undefined && <ProblemNotice error={resume.failure} />}
    </li>
  )
}
