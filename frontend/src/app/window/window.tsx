import '../styles/portal'
import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { Enrolment } from '@/features/security/enrolment/enrolment'
import SecondFactorStep from '@/features/sign-in/second-factor-step'
import { ConfirmationHost } from '@/session/confirmation/confirmation-host'
import { session } from '@/session/session'
import { useSession } from '@/session/use-session'
import { Dialog } from '@/ui/dialog'
import { Icon } from '@/ui/icon'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { speak } from '../i18n'
import { EmptyShell } from '../shell/empty-shell'
import { Why } from './why'

/**
 * The enforcement window: the whole page while a second factor is due. The portal is not behind it but gone; the address
 * stays, so that the person comes back to exactly where they were.
 */
export default function EnforcementWindow() {
  const { t } = useTranslation('window')
  const state = useSession()
  useTitle(t('title'))
  useOwnLanguage(state.stage === 'held' ? undefined : state.stage)
  const signOut = useAction(() => session.signOut())

  return (
    <>
      <EmptyShell />
      <Dialog opened title={t('title')} size="lg">
        <Stack gap="lg">
          {state.stage === 'enrolment' && (
            <>
              <Why requiredBy={state.requiredBy} />
              <Enrolment methods={state.methods} onDone={() => toast(t('done'))} />
            </>
          )}
          {state.stage === 'second_factor' && (
            <>
              <Text>{t('secondFactorDue')}</Text>
              <SecondFactorStep stage={state} onBack={() => void signOut.run()} bare />
            </>
          )}
          {state.stage === 'held' && (
            <Group gap="md" role="status">
              <Loader size="sm" />
              <Text>{t('oneMoment')}</Text>
            </Group>
          )}
          {signOut.failure !== undefined && <ProblemNotice error={signOut.failure} />}
          {state.stage !== 'second_factor' && (
            <Group justify="flex-start">
              <Button
                variant="subtle"
                size="compact-sm"
                px={0}
                leftSection={<Icon name="signout" size={16} />}
                loading={signOut.busy}
                onClick={() => void signOut.run()}
              >
                {t('signOut')}
              </Button>
            </Group>
          )}
        </Stack>
      </Dialog>
      <ConfirmationHost />
    </>
  )
}

/** After a reload nothing is known but the partial token; it opens just enough to ask for the language. */
function useOwnLanguage(stage: string | undefined) {
  useEffect(() => {
    if (!stage) return
    const stop = new AbortController()
    body(session.api.GET('/me', { signal: stop.signal })).then(
      ({ locale }) => speak(locale),
      () => {},
    )
    return () => stop.abort()
  }, [stage])
}
