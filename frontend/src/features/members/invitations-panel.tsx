import { Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Account, Invitation } from '@/api/schema'
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

export function InvitationsPanel({ account }: { account: Account }) {
  const { t } = useTranslation(['members', 'common'])
  const invitations = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/invitations',
    { params: { path: { account_id: account.id }, query: { limit: 25 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor },
  )
  return (
    <Panel
      flush
      title={t('invitations.title')}
      description={account.two_factor_enforced ? t('invitations.enforced') : undefined}
    >
      <QueryView query={invitations} lines={2}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) return <EmptyState icon="mail" title={t('invitations.none')} />
          return (
            <Rows label={t('invitations.title')}>
              {items.map((invitation) => (
                <InvitationRow key={invitation.id} account={account} invitation={invitation} />
              ))}
            </Rows>
          )
        }}
      </QueryView>
      <LoadMore list={invitations} />
    </Panel>
  )
}

function InvitationRow({ account, invitation }: { account: Account; invitation: Invitation }) {
  const { t } = useTranslation(['members', 'common'])
  const refresh = useRefreshMembers()
  const path = { account_id: account.id, invitation_id: invitation.id }
  const { email } = invitation
  const resend = useAction(async () => {
    await session.api.POST('/accounts/{account_id}/invitations/{invitation_id}/resend', { params: { path } })
    toast(t('invitations.resent', { email }))
    await refresh()
  })
  const revoke = useAction(async () => {
    await session.api.DELETE('/accounts/{account_id}/invitations/{invitation_id}', { params: { path } })
    toast(t('invitations.revoked', { email }))
    await refresh()
  })
  return (
    <li>
      <Group justify="space-between" gap="sm">
        <div>
          <Group gap="xs">
            <strong>{email}</strong>
            {invitation.two_factor_required && <StatusBadge tone="note">{t('required')}</StatusBadge>}
          </Group>
          <Text size="sm" c="dimmed">
            {t(`common:role.${invitation.role}`)} · {t('invitations.until')}{' '}
            <Time at={invitation.expires_at} />
          </Text>
        </div>
        <Group gap="xs">
          {/* Only an owner mails a future owner again; the API has the last word. */}
          {(invitation.role !== 'owner' || account.role === 'owner') && (
            <Button
              size="xs"
              variant="default"
              loading={resend.busy}
              onClick={() => void resend.run()}
              aria-label={t('invitations.resendNamed', { email })}
            >
              {t('invitations.resend')}
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            loading={revoke.busy}
            onClick={() => void revoke.run()}
            aria-label={t('invitations.revokeNamed', { email })}
          >
            {t('invitations.revoke')}
          </Button>
        </Group>
      </Group>
      {resend.failure !== undefined && <ProblemNotice error={resend.failure} />}
      {revoke.failure !== undefined && <ProblemNotice error={revoke.failure} />}
    </li>
  )
}
