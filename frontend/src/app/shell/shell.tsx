import { Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/session/me'
import { session } from '@/session/session'
import { Icon } from '@/ui/icon'
import { QueryView } from '@/ui/query-view'
import { speak } from '../i18n'
import { AccountSwitcher } from './account-switcher'
import { CartButton } from './cart-button'
import { ConnectionNotice } from './connection-notice'
import { useCurrentAccount } from './current-account'
import { Frame } from './frame'
import { GraceBanner } from './grace-banner'
import { IncidentBanner } from './incident-banner'
import { Search } from './search'
import shell from './shell.module.css'
import { SideMenu } from './side-menu'
import bar from './top-bar.module.css'
import { UserMenu } from './user-menu'

const MenuDrawer = lazy(() => import('./menu-drawer'))

/** What surrounds every page of the portal. */
export function Shell() {
  const { t } = useTranslation('shell')
  const account = useCurrentAccount()
  // Undefined until it was opened once: wide screens never load it.
  const [menuOpen, setMenuOpen] = useState<boolean>()
  const me = useMe().data
  usePerson(me?.locale)
  useFocusOnPage()
  // The other way to learn of it; events may be late or blocked.
  useEffect(() => {
    if (me) session.learn(me.standing)
  }, [me])

  return (
    <>
      <a href="#content" className={shell.skip}>
        {t('skip')}
      </a>
      <Frame
        burger={
          <button
            type="button"
            className={bar.button}
            aria-label={t('menu.open')}
            onClick={() => setMenuOpen(true)}
          >
            <Icon name="menu" />
          </button>
        }
        switcher={<AccountSwitcher account={account} />}
        search={<Search key={account?.id} account={account} />}
        cart={<CartButton account={account} />}
        user={<UserMenu me={me} />}
        menu={<SideMenu account={account} />}
      >
        <ConnectionNotice />
        <IncidentBanner />
        {me && <GraceBanner me={me} />}
        <Suspense fallback={<QueryView query={loading}>{() => null}</QueryView>}>
          <Outlet />
        </Suspense>
      </Frame>
      {menuOpen !== undefined && (
        <Suspense fallback={null}>
          <MenuDrawer account={account} opened={menuOpen} onClose={() => setMenuOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

const loading = { data: undefined, error: undefined, refetch: () => {} }

function usePerson(locale: Parameters<typeof speak>[0]) {
  useEffect(() => {
    if (!locale) return
    void speak(locale)
  }, [locale])
}

/** After a click in the menu a screen reader goes on at the page, not at the menu. */
function useFocusOnPage() {
  const { pathname } = useLocation()
  const before = useRef(pathname)
  useEffect(() => {
    const from = before.current
    before.current = pathname
    // The start page is no page that anybody was on: it only leads to one.
    if (from === pathname || from === '/') return
    document.getElementById('content')?.focus({ preventScroll: true })
  }, [pathname])
}
