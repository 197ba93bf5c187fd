import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { session } from '@/session/session'
import { ConfirmByNumber } from './confirm-by-number'
import classes from './consequences.module.css'

interface EndIncidentDialogProps {
  account: Account
  tokensPaused: boolean
  onClose: () => void
}

export function EndIncidentDialog({ account, tokensPaused, onClose }: EndIncidentDialogProps) {
  const { t } = useTranslation('account')
  return (
    <ConfirmByNumber
      account={account}
      title={t('incident.endTitle')}
      submit={t('incident.end')}
      done={t('incident.ended')}
      call={(number) =>
        session.api.POST('/accounts/{account_id}/incident/end', {
          params: { path: { account_id: account.id } },
          body: { account_number: number },
        })
      }
      onClose={onClose}
    >
      <ul className={classes.list}>
        <li>{t('incident.endRule')}</li>
        {tokensPaused && <li>{t('incident.endTokens')}</li>}
        <li>{t('incident.endSessions')}</li>
      </ul>
    </ConfirmByNumber>
  )
}
