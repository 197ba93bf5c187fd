import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '@/ui/empty-state'
import { Page } from '@/ui/page'

/** A page that failed to load or to render, with the portal around it intact. */
export function PageFailed() {
  const { t } = useTranslation()
  return (
    <Page title={t('failed.title')}>
      <EmptyState
        icon="alert"
        title={t('failed.text')}
        action={<Button onClick={() => globalThis.location.reload()}>{t('reload')}</Button>}
      />
    </Page>
  )
}
