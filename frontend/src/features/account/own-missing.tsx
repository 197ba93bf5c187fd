import { useTranslation } from 'react-i18next'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'

/** Nobody shuts themselves out: said before the button could be pressed. */
export function OwnMissing() {
  const { t } = useTranslation('account')
  return (
    <Notice
      tone="warn"
      icon="shield"
      action={
        <LinkButton to="/me/security" search={{ start: 'enable' }} size="sm">
          {t('rule.setUpOwn')}
        </LinkButton>
      }
    >
      {t('rule.ownMissing')}
    </Notice>
  )
}
