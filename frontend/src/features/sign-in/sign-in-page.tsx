import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { useSession } from '@/session/use-session'
import { BrandMark } from '@/ui/brand'
import { useTitle } from '@/ui/title'
import { PasswordStep } from './password-step'
import classes from './sign-in-page.module.css'

const SecondFactorStep = lazy(() => import('./second-factor-step'))

/** Both steps live on one address; which of them is shown is the session's to say. */
export default function SignInPage() {
  const { t } = useTranslation('signIn')
  const state = useSession()
  useTitle(t('title'))
  return (
    <div className={classes.page}>
      <aside className={classes.aside}>
        <div className={classes.brand}>
          <BrandMark size={36} />
          <span>Sallyport</span>
        </div>
        <p className={classes.claim}>{t('claim')}</p>
        <p className={classes.claimText}>{t('claimText')}</p>
      </aside>
      <main className={classes.main}>
        <div className={classes.card}>
          {state.stage === 'second_factor' ? (
            <Suspense fallback={null}>
              <SecondFactorStep stage={state} onBack={() => session.abandon()} />
            </Suspense>
          ) : (
            <PasswordStep ending={state.stage === 'signed_out' ? state.ending : undefined} />
          )}
        </div>
      </main>
    </div>
  )
}
