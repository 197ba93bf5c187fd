import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, TwoFactorRule } from '@/api/schema'
import { Panel } from '@/ui/panel'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { Counts } from './counts'
import { DeadlineNotice } from './deadline-notice'
import { LiftDialog } from './lift-dialog'
import { RuleDialog } from './rule-dialog'

export function TwoFactorSection({ account, rule }: { account: Account; rule: TwoFactorRule }) {
  const { t } = useTranslation('account')
  const [open, setOpen] = useState<'rule' | 'lift'>()
  const close = () => setOpen(undefined)
  return (
    <Panel
      title={t('twoFactor.title')}
      description={t('twoFactor.description')}
      actions={
        <StatusBadge tone={rule.enforced ? 'good' : 'plain'}>
          {rule.enforced ? t('twoFactor.enforced') : t('twoFactor.notEnforced')}
        </StatusBadge>
      }
    >
      <Stack gap="md" align="flex-start">
        {rule.enforced && <EnforcedSince rule={rule} />}
        {rule.enforced && <DeadlineNotice rule={rule} />}
        <Counts account={account} rule={rule} />
        {account.role !== 'owner' ? (
          <Text size="sm" c="dimmed">
            {rule.enforced ? t('twoFactor.whoMayChange') : t('twoFactor.whoMayEnforce')}
          </Text>
        ) : rule.incident ? (
          <Text size="sm" c="dimmed">
            {t('twoFactor.duringIncident')}
          </Text>
        ) : rule.enforced ? (
          <Group gap="sm">
            <Button onClick={() => setOpen('rule')}>{t('twoFactor.change')}</Button>
            <Button color="red" variant="outline" onClick={() => setOpen('lift')}>
              {t('twoFactor.lift')}
            </Button>
          </Group>
        ) : (
          <Button onClick={() => setOpen('rule')}>{t('twoFactor.enforce')}</Button>
        )}
      </Stack>
      {open === 'rule' && <RuleDialog account={account} rule={rule} onClose={close} />}
      {open === 'lift' && <LiftDialog account={account} onClose={close} />}
    </Panel>
  )
}

function EnforcedSince({ rule }: { rule: TwoFactorRule }) {
  const { t } = useTranslation('account')
  return (
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
      {rule.minimum_strength !== 'any' && t(`strength.rule.${rule.minimum_strength}`)}{' '}
      {t(`twoFactor.tokens.${rule.api_tokens}`)} {rule.guarded_enrolment && t('twoFactor.guarded')}
    </Text>
  )
}
