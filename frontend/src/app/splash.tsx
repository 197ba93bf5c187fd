import { useTranslation } from 'react-i18next'
import classes from './splash.module.css'

/** Appears only if the wait is long enough to be noticed. */
export function Splash() {
  const { t } = useTranslation()
  return (
    <div className={classes.splash} role="status" aria-label={t('loading')}>
      <span className={classes.ring} />
    </div>
  )
}
