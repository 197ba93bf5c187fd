import { useTranslation } from 'react-i18next'
import { query } from '@/session/query'
import { QueryView } from '@/ui/query-view'
import { toast } from '@/ui/toast'
import { useRefreshSecurity } from '../refresh-security'
import { VerifyNumber } from './verify-number'

/** The backup number that was given along with a new SMS factor, proven in its turn. */
export function VerifyBackup({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation('phones')
  const refresh = useRefreshSecurity()
  const phones = query.useQuery('get', '/me/phones')
  return (
    <QueryView query={phones} lines={2}>
      {({ items }) => {
        const phone = items.find(({ kind, verified }) => kind === 'backup' && !verified)
        return (
          phone && (
            <VerifyNumber
              phone={phone}
              onVerified={() => {
                onDone()
                toast(t('backup.verified'))
                void refresh()
              }}
            />
          )
        )
      }}
    </QueryView>
  )
}
