import { Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Device } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Icon } from '@/ui/icon'
import { LoadMore } from '@/ui/load-more'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { deviceName } from './device-name'
import classes from './factor-row.module.css'

const sessionsKey = ['get', '/me/sessions']

export function SessionsPanel() {
  const { t } = useTranslation('security')
  const cache = useQueryClient()
  const sessions = query.useInfiniteQuery(
    'get',
    '/me/sessions',
    { params: { query: { limit: 20 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor },
  )
  const endOthers = useAction(async () => {
    await session.api.DELETE('/me/sessions')
    toast(t('sessions.othersEnded'))
    await cache.invalidateQueries({ queryKey: sessionsKey })
  })
  const devices = sessions.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel
      flush
      title={t('sessions.title')}
      description={t('sessions.description')}
      actions={
        devices.length > 1 && (
          <Button variant="default" loading={endOthers.busy} onClick={() => void endOthers.run()}>
            {t('sessions.endOthers')}
          </Button>
        )
      }
    >
      {endOthers.failure !== undefined && <ProblemNotice error={endOthers.failure} />}
      <QueryView query={sessions}>
        {() => (
          <Rows label={t('sessions.title')}>
            {devices.map((device) => (
              <DeviceRow key={device.id} device={device} />
            ))}
          </Rows>
        )}
      </QueryView>
      <LoadMore list={sessions} />
    </Panel>
  )
}

function DeviceRow({ device }: { device: Device }) {
  const { t } = useTranslation('security')
  const cache = useQueryClient()
  const { browser, system } = deviceName(device.user_agent)
  const name = [browser, system].filter(Boolean).join(', ') || t('sessions.unknownDevice')
  const place = usePlace(device.place)
  const end = useAction(async () => {
    await session.api.DELETE('/me/sessions/{session_id}', { params: { path: { session_id: device.id } } })
    await cache.invalidateQueries({ queryKey: sessionsKey })
  })
  return (
    <li>
      <div className={classes.row}>
        <span className={classes.icon}>
          <Icon name="device" size={24} />
        </span>
        <div className={classes.text}>
          <Group gap="xs">
            <strong title={device.user_agent}>{name}</strong>
            {device.current && <StatusBadge tone="good">{t('sessions.current')}</StatusBadge>}
          </Group>
          <Text size="sm" c="dimmed">
            {[device.address, place].filter(Boolean).join(', ')} · {t('sessions.since')}{' '}
            <Time at={device.created_at} clock /> · {t('sessions.lastUsed')}{' '}
            <Time at={device.last_used_at} clock />
          </Text>
        </div>
        {!device.current && (
          <Button
            size="xs"
            variant="default"
            loading={end.busy}
            onClick={() => void end.run()}
            aria-label={t('sessions.endNamed', { name })}
          >
            {t('sessions.end')}
          </Button>
        )}
      </div>
      {end.failure !== undefined && <ProblemNotice error={end.failure} />}
    </li>
  )
}

/** Where an address is, as coarse as it tells by itself; nothing where it tells nothing. */
function usePlace({ network, country }: Device['place']): string | undefined {
  const { t, i18n } = useTranslation('security')
  if (country) {
    const names = new Intl.DisplayNames([i18n.language], { type: 'region' })
    return t('sessions.place.country', { country: names.of(country) })
  }
  return network === 'unknown' ? undefined : t(`sessions.place.${network}`)
}
