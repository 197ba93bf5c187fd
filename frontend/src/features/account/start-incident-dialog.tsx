import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Checkbox.layer.css'
import { Checkbox, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, TwoFactorRule } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { QueryView } from '@/ui/query-view'
import { ConfirmByNumber } from './confirm-by-number'
import classes from './consequences.module.css'
import { OwnMissing } from './own-missing'

interface StartIncidentDialogProps {
  account: Account
  rule: TwoFactorRule
  onClose: () => void
}

export function StartIncidentDialog({ account, rule, onClose }: StartIncidentDialogProps) {
  const { t } = useTranslation('account')
  const [pause, setPause] = useState(true)
  const path = { account_id: account.id }
  const strength = rule.enforced ? rule.minimum_strength : 'any'
  const preview = query.useQuery(
    'get',
    '/accounts/{account_id}/two-factor/preview',
    { params: { path, query: { minimum_strength: strength } } },
    { staleTime: 0 },
  )
  const ownMissing = preview.data?.own_factor_suffices === false
  return (
    <ConfirmByNumber
      account={account}
      title={t('incident.startTitle')}
      submit={t('incident.start')}
      done={t('incident.started')}
      call={(number) =>
        session.api.POST('/accounts/{account_id}/incident', {
          params: { path },
          body: { account_number: number, pause_api_tokens: pause },
        })
      }
      barred={ownMissing}
      danger
      onClose={onClose}
    >
      <QueryView query={preview} lines={4}>
        {({ members, mailed }) => (
          <div>
            <Text>{t('incident.startNow')}</Text>
            <ul className={classes.list}>
              <li>
                {t('incident.startRule')}{' '}
                {members.missing > 0 &&
                  t('incident.startMissing', { count: members.missing, total: members.total })}
              </li>
              <li>{t('incident.startSessions')}</li>
              {mailed > 0 && (
                <li>
                  {t(rule.enforced ? 'incident.startMailedSooner' : 'incident.startMailed', {
                    count: mailed,
                  })}
                </li>
              )}
            </ul>
          </div>
        )}
      </QueryView>
      <Checkbox
        label={t('incident.pause')}
        description={t('incident.pauseText')}
        checked={pause}
        onChange={(event) => setPause(event.currentTarget.checked)}
      />
      <Text size="sm" c="dimmed">
        {t('incident.undo')}
      </Text>
      {ownMissing && <OwnMissing />}
    </ConfirmByNumber>
  )
}
