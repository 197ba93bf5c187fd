import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { DoorButton } from '@/ui/door-button'
import { Bare } from './bare'

/** The last resort: a defect, or code that a newer version of the portal has replaced on the server. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    return this.state.failed ? <Failed /> : this.props.children
  }
}

export function Failed() {
  const { t } = useTranslation()
  return (
    <Bare
      title={t('failed.title')}
      text={t('failed.text')}
      action={<DoorButton onClick={() => globalThis.location.reload()}>{t('reload')}</DoorButton>}
    />
  )
}
