import { Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Invitation } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { EmptyState } from '@/ui/empty-state'
import { LoadMore } from '@/ui/load-more'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useRefreshMembers } from './refresh-members'

export function InvitationsPanel({ accountId }: { accountId: string }) {
  const { t } = useTranslation(['members', 'common'])
  const invitations = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/invitations',
    { params: { path: { account_id: accountId }, query: { limit: 25 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor },
  )
  return (
    <Panel title={t('invitations.title')} flush>
      <QueryView query={invitations} lines={2}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) return <EmptyState icon="mail" title={t('invitations.none')} />
          return (
            <Rows label={t('invitations.title')}>
              {items.map((invitation) => (
                <InvitationRow key={invitation.id} accountId={accountId} invitation={invitation} />
              ))}
            </Rows>
          )
        }}
      </QueryView>
      <LoadMore list={invitations} />
    </Panel>
  )
}

function InvitationRow({ accountId, invitation }: { accountId: string; invitation: Invitation }) {
  const { t } = useTranslation(['members', 'common'])
  const refresh = useRefreshMembers()
  const revoke = useAction(async () => {
    const path = { account_id: accountId, invitation_id: invitation.id }
    await session.api.DELETE('/accounts/{account_id}/invitations/{invitation_id}', { params: { path } })
    toast(t('invitations.revoked', { email: invitation.email }))
    await refresh()
  })
  return (
    <li>
      <Group justify="space-between" gap="sm">
        <div>
          <Group gap="xs">
            <strong>{invitation.email}</strong>
            {invitation.two_factor_required && <StatusBadge tone="note">{t('required')}</StatusBadge>}
          </Group>
          <Text size="sm" c="dimmed">
            {t(`common:role.${invitation.role}`)} · {t('invitations.until')}{' '}
            <Time at={invitation.expires_at} />
          </Text>
        </div>
        <Button
          size="xs"
          variant="default"
          loading={revoke.busy}
          onClick={() => void revoke.run()}
          aria-label={t('invitations.revokeNamed', { email: invitation.email })}
        >
          {t('invitations.revoke')}
        </Button>
      </Group>
      {revoke.failure !== undefined && <ProblemNotice error={revoke.failure} />}
    </li>
  )
}
