import { Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { Qr } from '@/ui/qr'
import { SecretKey } from '@/ui/secret-key'
import { CodeForm } from '../code-form'
import type { SetupProps } from './setup'
import classes from './totp-setup.module.css'

export function TotpSetup({ setup, onVerified, onStartOver }: SetupProps) {
  const { t } = useTranslation('enrolment')
  const { totp } = setup
  return (
    <CodeForm
      onCode={async (code) => onVerified(await session.enrolment.verify({ code }))}
      onStartOver={onStartOver}
    >
      {totp && (
        <div className={classes.setup}>
          <Qr svg={totp.qr_svg} alt={t('totp.qr')} />
          <Stack gap="sm" className={classes.steps}>
            <ol>
              <li>{t('totp.open')}</li>
              <li>{t('totp.scan')}</li>
              <li>{t('totp.type')}</li>
            </ol>
            <SecretKey secret={totp.secret} />
          </Stack>
        </div>
      )}
    </CodeForm>
  )
}
