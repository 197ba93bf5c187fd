import { useTranslation } from 'react-i18next'
import type { Requirement } from '@/api/schema'
import { Notice } from '@/ui/notice'
import classes from './requirements.module.css'

/** Who requires two-factor authentication, and so why there is no button to disable it. */
export function Requirements({ requirements }: { requirements: Requirement[] }) {
  const { t } = useTranslation('security')
  return (
    <Notice tone="note" icon="lock" title={t('required.title')}>
      <ul className={classes.list}>
        {requirements.map((requirement) => (
          <li key={`${requirement.by} ${requirement.account_id ?? ''}`}>
            {requirement.account_name
              ? t(`required.${requirement.by}In`, { account: requirement.account_name })
              : t(`required.${requirement.by}`)}
          </li>
        ))}
      </ul>
      {t('required.ask')}
    </Notice>
  )
}
