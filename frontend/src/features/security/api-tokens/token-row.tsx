import { Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ApiToken } from '@/api/schema'
import { Icon } from '@/ui/icon'
import { StatusBadge, type Tone } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import classes from '../factor-row.module.css'
import { scopeTexts } from './scopes'

const tones: Record<ApiToken['state'], Tone> = {
  active: 'good',
  stopped: 'warn',
  expired: 'plain',
  revoked: 'plain',
}

export function TokenRow({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const { t } = useTranslation('apiTokens')
  const { name, state, scopes } = token
  const over = state === 'expired' || state === 'revoked'
  return (
    <li>
      <div className={classes.row}>
        <span className={classes.icon}>
          <Icon name="key" size={24} />
        </span>
        <div className={classes.text}>
          <Group gap="xs">
            <strong>{name}</strong>
            <StatusBadge tone={tones[state]}>{t(`state.${state}`)}</StatusBadge>
          </Group>
          <Text size="sm">{scopes.map((scope) => t(`scope.${scopeTexts[scope]}.name`)).join(' · ')}</Text>
          <Text size="sm" c="dimmed">
            {t('ends', { hint: token.hint })} · {t('made')} <Time at={token.created_at} /> ·{' '}
            {t(state === 'expired' ? 'expired' : 'expires')} <Time at={token.expires_at} /> ·{' '}
            {token.last_used_at ? (
              <>
                {t('lastUsed')} <Time at={token.last_used_at} clock />
              </>
            ) : (
              t('neverUsed')
            )}
          </Text>
          {state === 'stopped' && (
            <Text size="sm" c="dimmed">
              {t('stoppedWhy')}
            </Text>
          )}
        </div>
        {!over && (
          <Button size="xs" variant="default" onClick={onRevoke} aria-label={t('revoke.named', { name })}>
            {t('revoke.short')}
          </Button>
        )}
      </div>
    </li>
  )
}
