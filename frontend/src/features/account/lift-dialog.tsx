import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { session } from '@/session/session'
import { ConfirmByNumber } from './confirm-by-number'

export function LiftDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation('account')
  return (
    <ConfirmByNumber
      account={account}
      title={t('lift.title')}
      submit={t('lift.submit')}
      done={t('lift.done', { account: account.name })}
      call={(number) =>
        session.api.PUT('/accounts/{account_id}/two-factor', {
          params: { path: { account_id: account.id } },
          body: { enforced: false, account_number: number },
        })
      }
      danger
      onClose={onClose}
    >
      <Text>{t('lift.text')}</Text>
    </ConfirmByNumber>
  )
}
