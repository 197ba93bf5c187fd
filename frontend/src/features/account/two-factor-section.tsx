import { Button, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, TwoFactorRule } from '@/api/schema'
import { query } from '@/session/query'
import { Notice } from '@/ui/notice'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { EnforceDialog } from './enforce-dialog'
import { LiftDialog } from './lift-dialog'
import classes from './two-factor-section.module.css'

export function TwoFactorSection({ account }: { account: Account }) {
  const { t } = useTranslation('account')
  const [open, setOpen] = useState(false)
  const rule = query.useQuery('get', '/accounts/{account_id}/two-factor', {
    params: { path: { account_id: account.id } },
  })
  const enforced = rule.data?.enforced
  const close = () => setOpen(false)
  return (
    <Panel
      title={t('twoFactor.title')}
      description={t('twoFactor.description')}
      actions={
        enforced !== undefined && (
          <StatusBadge tone={enforced ? 'good' : 'plain'}>
            {enforced ? t('twoFactor.enforced') : t('twoFactor.notEnforced')}
          </StatusBadge>
        )
      }
    >
      <QueryView query={rule}>
        {(current) => (
          <Stack gap="md" align="flex-start">
            {current.enforced && <EnforcedSince rule={current} />}
            <Counts account={account} rule={current} />
            {account.role === 'owner' ? (
              <Button
                color={current.enforced ? 'red' : undefined}
                variant={current.enforced ? 'outline' : 'filled'}
                onClick={() => setOpen(true)}
              >
                {current.enforced ? t('twoFactor.lift') : t('twoFactor.enforce')}
              </Button>
            ) : (
              <Text size="sm" c="dimmed">
                {current.enforced ? t('twoFactor.whoMayLift') : t('twoFactor.whoMayEnforce')}
              </Text>
            )}
          </Stack>
        )}
      </QueryView>
      {open &&
        (enforced ? (
          <LiftDialog account={account} onClose={close} />
        ) : (
          <EnforceDialog account={account} onClose={close} />
        ))}
    </Panel>
  )
}

function EnforcedSince({ rule }: { rule: TwoFactorRule }) {
  const { t } = useTranslation('account')
  return (
    <>
      <Text>
        {rule.enforced_by
          ? t('twoFactor.enforcedBy', { name: rule.enforced_by.name })
          : t('twoFactor.enforcedBySomebody')}
        {rule.enforced_at && (
          <>
            {' '}
            {t('twoFactor.since')} <Time at={rule.enforced_at} clock />.
          </>
        )}{' '}
        {rule.minimum_strength !== 'any' && t(`strength.rule.${rule.minimum_strength}`)}
      </Text>
      {rule.grace_until && Date.parse(rule.grace_until) > Date.now() && (
        <Notice tone="warn">
          {t('twoFactor.bindsFrom')} <Time at={rule.grace_until} clock />.
        </Notice>
      )}
    </>
  )
}

function Counts({ account, rule }: { account: Account; rule: TwoFactorRule }) {
  const { t } = useTranslation('account')
  const { total, compliant, missing } = rule.members
  return (
    <dl className={classes.counts}>
      <div>
        <dt>{t('counts.total')}</dt>
        <dd>{total}</dd>
      </div>
      <div>
        <dt>{t('counts.compliant')}</dt>
        <dd>{compliant}</dd>
      </div>
      <div>
        <dt>{t('counts.missing')}</dt>
        <dd>
          {missing}
          {missing > 0 && account.role !== 'member' && account.role !== 'billing' && (
            <Link
              to="/accounts/$accountId/members"
              params={{ accountId: account.id }}
              search={{ two_factor: 'missing' }}
              className={classes.link}
            >
              {t('counts.show')}
            </Link>
          )}
        </dd>
      </div>
      <div>
        <dt>{t('counts.invitations')}</dt>
        <dd>{rule.invitations}</dd>
      </div>
    </dl>
  )
}
