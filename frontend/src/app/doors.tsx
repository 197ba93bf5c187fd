import { lazy, Suspense, useEffect } from 'react'
import { isBetween, type SessionState } from '@/session/state'
import { useSession } from '@/session/use-session'
import { loadTexts } from './i18n'
import { replaceLocation, signInFor, useLocation, wantedPage } from './location'
import { loadPage, pages } from './pages'
import { Splash } from './splash'
import { Unreachable } from './unreachable'

export const loadSignIn = () => loadPage(pages.signIn)

export async function loadPortal() {
  const [portal] = await Promise.all([import('./portal/portal'), loadTexts('shell')])
  return portal
}

const SignInPage = lazy(loadSignIn)
const Portal = lazy(loadPortal)
const DemoMessagesPage = lazy(async () => {
  const [page] = await Promise.all([loadPage(pages.demoMessages), import('./styles/portal')])
  return page
})
const EnforcementWindow = lazy(async () => {
  const [window] = await Promise.all([
    import('./window/window'),
    loadTexts('shell', 'window', 'enrolment', 'signIn', 'secondFactor'),
  ])
  return window
})

/** Pages that stand outside the doors, for anybody. */
const publicPages: Record<string, typeof SignInPage> = {
  [pages.demoMessages.path]: DemoMessagesPage,
  [pages.signUp.path]: lazy(() => loadPage(pages.signUp)),
  [pages.verifyEmail.path]: lazy(() => loadPage(pages.verifyEmail)),
  [pages.forgotPassword.path]: lazy(() => loadPage(pages.forgotPassword)),
  [pages.resetPassword.path]: lazy(() => loadPage(pages.resetPassword)),
  [pages.invitation.path]: lazy(() => loadPage(pages.invitation)),
  [pages.notMe.path]: lazy(() => loadPage(pages.notMe)),
}

export function isPublic(pathname: string): boolean {
  return pathname in publicPages
}

/**
 * Two doors, of which one opens only after the other has shut: what stands behind the second, its router and its data
 * are not loaded, and not kept, without a full session. No page decides this, and no page names the next.
 */
export function Doors() {
  const state = useSession()
  const location = useLocation()
  const address = addressFor(state, location)
  useEffect(() => {
    if (address) replaceLocation(address)
  }, [address])

  return (
    <Suspense fallback={<Splash />}>
      {address ? <Splash /> : <Door state={state} location={location} />}
    </Suspense>
  )
}

function Door({ state, location }: { state: SessionState; location: URL }) {
  const PublicPage = publicPages[location.pathname]
  if (PublicPage) return <PublicPage />
  switch (state.stage) {
    case 'unknown':
      return <Splash />
    case 'unreachable':
      return <Unreachable />
    case 'signed_out':
      return <SignInPage />
    case 'second_factor':
      return location.pathname === pages.signIn.path ? <SignInPage /> : <EnforcementWindow />
    case 'enrolment':
    case 'held':
      return <EnforcementWindow />
    case 'full':
      return <Portal />
  }
}

/** Where the address bar has to go before anything is shown, if anywhere. */
function addressFor(state: SessionState, location: URL): string | undefined {
  if (isPublic(location.pathname)) return undefined
  const atSignIn = location.pathname === pages.signIn.path
  if (state.stage === 'signed_out' && !atSignIn) {
    return state.ending === 'signed_out' ? pages.signIn.path : signInFor(location, pages.signIn.path)
  }
  // A sign-in that is gone on with, in another tab or after a reload, has its second step where it had its first.
  if (state.stage === 'second_factor' && isBetween(state) && !atSignIn) {
    return signInFor(location, pages.signIn.path)
  }
  if ((state.stage === 'full' || state.stage === 'enrolment') && atSignIn) return wantedPage(location)
  return undefined
}
