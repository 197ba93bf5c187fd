import { useTranslation } from 'react-i18next'
import { EmptyState } from '@/ui/empty-state'
import { LinkButton } from '@/ui/link-button'
import { Page } from '@/ui/page'

export function NotFound() {
  const { t } = useTranslation('shell')
  return (
    <Page title={t('notFound.title')}>
      <EmptyState
        icon="search"
        title={t('notFound.text')}
        action={<LinkButton to="/">{t('notFound.start')}</LinkButton>}
      />
    </Page>
  )
}
