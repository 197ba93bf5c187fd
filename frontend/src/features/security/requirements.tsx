import { useTranslation } from 'react-i18next'
import type { Requirement } from '@/api/schema'
import { Notice } from '@/ui/notice'
import { formatTime } from '@/ui/time'
import classes from './requirements.module.css'

/** Who requires two-factor authentication, and so why there is no button to disable it. */
export function Requirements({ requirements }: { requirements: Requirement[] }) {
  const { t, i18n } = useTranslation(['security', 'common'])
  return (
    <Notice tone="note" icon="lock" title={t('required.title')}>
      <ul className={classes.list}>
        {requirements.map((requirement) => (
          <li key={`${requirement.by} ${requirement.account_id ?? ''}`}>
            {requirement.account_name
              ? t(`required.${requirement.by}In`, { account: requirement.account_name })
              : t(`required.${requirement.by}`)}{' '}
            {requirement.minimum_strength !== 'any' &&
              `${t(`common:strength.${requirement.minimum_strength}`)}. `}
            {requirement.grace_until &&
              Date.parse(requirement.grace_until) > Date.now() &&
              t('required.from', { date: formatTime(requirement.grace_until, i18n.language, true) })}
          </li>
        ))}
      </ul>
      {t('required.ask')}
    </Notice>
  )
}
