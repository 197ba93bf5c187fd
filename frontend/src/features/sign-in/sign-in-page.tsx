import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { useSession } from '@/session/use-session'
import { Doorway } from '@/ui/doorway'
import { useTitle } from '@/ui/title'
import { PasswordStep } from './password-step'

const SecondFactorStep = lazy(() => import('./second-factor-step'))

/** The server forgets the sign-in too, or a reload would go on with it. Without an answer this page forgets it alone. */
async function leave(): Promise<void> {
  await session.signOut().catch(() => session.abandon())
}

/** Both steps live on one address; which of them is shown is the session's to say. */
export default function SignInPage() {
  const { t } = useTranslation('signIn')
  const state = useSession()
  useTitle(t('title'))
  return (
    <Doorway>
      {state.stage === 'second_factor' ? (
        <Suspense fallback={null}>
          <SecondFactorStep stage={state} onBack={() => void leave()} />
        </Suspense>
      ) : (
        <PasswordStep ending={state.stage === 'signed_out' ? state.ending : undefined} />
      )}
    </Doorway>
  )
}
