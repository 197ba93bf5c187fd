import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'

/** What text messages are worth (NIST SP 800-63B-4 calls them restricted), with the way to something stronger beside it. */
export function SmsRisk({ onSafer }: { onSafer?: (() => void) | undefined }) {
  const { t } = useTranslation('enrolment')
  return (
    <Notice
      tone="warn"
      action={
        onSafer && (
          <button type="button" className="text-button" onClick={onSafer}>
            {t('sms.safer')}
          </button>
        )
      }
    >
      {t('sms.risk')}
    </Notice>
  )
}
