import { Button, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import { createPasskey, PasskeyUnanswered } from '@/session/second-factor/passkey'
import { session } from '@/session/session'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { useAction } from '@/ui/use-action'
import type { SetupProps } from './setup'

/** The browser takes over for a moment; it wants a press of a button for that. */
export function PasskeySetup({ setup, onVerified, onStartOver }: SetupProps) {
  const { t } = useTranslation('enrolment')
  const create = useAction(async () => {
    if (!setup.passkey_options) return
    // Made already, and only the answer lost: a second passkey would be one too many.
    const verified = await session.enrolment.verifyAgain()
    if (verified) return onVerified(verified)
    const credential = await createPasskey(setup.passkey_options)
    onVerified(await session.enrolment.verify({ credential }))
  })
  const lost = hasCode(create.failure, 'not_found', 'factor_not_pending', 'passkey_refused')
  return (
    <Stack gap="lg">
      <Notice tone="note" icon="key">
        {t('passkey.how')}
      </Notice>
      {create.failure instanceof PasskeyUnanswered ? (
        <Notice tone="bad">{t('passkey.unanswered')}</Notice>
      ) : (
        create.failure !== undefined && (
          <ProblemNotice error={create.failure} onRetry={lost ? onStartOver : undefined} />
        )
      )}
      <Button data-autofocus loading={create.busy} onClick={() => void create.run()}>
        {t('passkey.create')}
      </Button>
    </Stack>
  )
}
