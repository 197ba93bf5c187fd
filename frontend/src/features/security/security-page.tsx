import { useTranslation } from 'react-i18next'
import { MyAccount } from './my-account'
import { RecoveryCodesPanel } from './recovery-codes-panel'
import { SessionsPanel } from './sessions-panel'
import { TwoFactorPanel } from './two-factor-panel'

export default function SecurityPage() {
  const { t } = useTranslation('profile')
  return (
    <MyAccount title={t('tab.security')}>
      <TwoFactorPanel />
      <RecoveryCodesPanel />
      <SessionsPanel />
    </MyAccount>
  )
}
