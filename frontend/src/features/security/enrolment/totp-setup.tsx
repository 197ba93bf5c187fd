import { Button, Stack } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { Enrolment, Factor } from '@/api/schema'
import { session } from '@/session/session'
import { CodeInput, codeLength } from '@/ui/code-input'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { Qr } from '@/ui/qr'
import { SecretKey } from '@/ui/secret-key'
import { useAction } from '@/ui/use-action'
import classes from './totp-setup.module.css'

interface TotpSetupProps {
  setup: Enrolment
  onVerified: (verified: { factor: Factor; recovery_codes?: string[] }) => void
  /** The server does not know this setup any more. */
  onLost: () => void
}

export function TotpSetup({ setup, onVerified, onLost }: TotpSetupProps) {
  const { t } = useTranslation('enrolment')
  const problemText = useProblemText()
  const [code, setCode] = useState('')
  const input = useRef<{ focus: () => void }>(null)

  const verify = useAction(async (full: string) => {
    try {
      const params = { path: { factor_id: setup.factor.id } }
      onVerified(
        await body(session.api.POST('/me/factors/{factor_id}/verify', { params, body: { code: full } })),
      )
    } catch (error) {
      setCode('')
      throw error
    }
  })
  useEffect(() => {
    if (!verify.busy) input.current?.focus()
  }, [verify.busy])

  const wrong = hasCode(verify.failure, 'invalid_code', 'code_already_used', 'code_expired')
  const lost = hasCode(verify.failure, 'not_found', 'factor_not_pending')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (code.length === codeLength) void verify.run(code)
      }}
    >
      <Stack gap="lg">
        {verify.failure !== undefined && !wrong && (
          <ProblemNotice error={verify.failure} onRetry={lost ? onLost : undefined} />
        )}
        {setup.totp && (
          <div className={classes.setup}>
            <Qr svg={setup.totp.qr_svg} alt={t('totp.qr')} />
            <Stack gap="sm" className={classes.steps}>
              <ol>
                <li>{t('totp.open')}</li>
                <li>{t('totp.scan')}</li>
                <li>{t('totp.type')}</li>
              </ol>
              <SecretKey secret={setup.totp.secret} />
            </Stack>
          </div>
        )}
        <CodeInput
          ref={input}
          label={t('totp.code')}
          value={code}
          onChange={setCode}
          onFull={(full) => void verify.run(full)}
          error={wrong ? problemText(verify.failure) : undefined}
          readOnly={verify.busy}
        />
        <Button type="submit" loading={verify.busy}>
          {t('verify')}
        </Button>
      </Stack>
    </form>
  )
}
