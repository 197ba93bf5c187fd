import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { useSession } from '@/session/use-session'
import { Doorway } from '@/ui/doorway'
import { useTitle } from '@/ui/title'
import { PasswordStep } from './password-step'

const SecondFactorStep = lazy(() => import('./second-factor-step'))

/** Both steps live on one address; which of them is shown is the session's to say. */
export default function SignInPage() {
  const { t } = useTranslation('signIn')
  const state = useSession()
  useTitle(t('title'))
  return (
    <Doorway>
      {state.stage === 'second_factor' ? (
        <Suspense fallback={null}>
          <SecondFactorStep stage={state} onBack={() => session.abandon()} />
        </Suspense>
      ) : (
        <PasswordStep ending={state.stage === 'signed_out' ? state.ending : undefined} />
      )}
    </Doorway>
  )
}
