import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { BrandMark } from '@/ui/brand'
import classes from './frame.module.css'

interface FrameProps {
  /** Opens the menu on narrow screens. */
  burger: ReactNode
  switcher?: ReactNode
  search: ReactNode
  cart: ReactNode
  user?: ReactNode
  menu: ReactNode
  children?: ReactNode
}

/** Where things stand: the same for the portal and for the empty shell behind the enforcement window. */
export function Frame({ burger, switcher, search, cart, user, menu, children }: FrameProps) {
  const { t } = useTranslation('shell')
  return (
    <div className={classes.frame}>
      <header className={classes.top}>
        <div className={classes.burger}>{burger}</div>
        <div className={classes.brand}>
          <BrandMark size={30} />
          <span className={classes.name}>Sallyport</span>
        </div>
        {switcher && <div className={classes.switcher}>{switcher}</div>}
        <div className={classes.search}>{search}</div>
        <div className={classes.tools}>
          {cart}
          {user}
        </div>
      </header>
      <nav className={classes.side} aria-label={t('menu.label')}>
        <div className={classes.menu}>{menu}</div>
      </nav>
      <main id="content" className={classes.content} tabIndex={-1}>
        <div className={classes.page}>{children}</div>
      </main>
    </div>
  )
}
