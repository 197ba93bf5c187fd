import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { BrandMark } from './brand'
import classes from './doorway.module.css'

/** What stands outside the first door: the brand on one side, one card on the other. */
export function Doorway({ children }: { children: ReactNode }) {
  const { t } = useTranslation('signIn')
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
        <div className={classes.card}>{children}</div>
      </main>
    </div>
  )
}
