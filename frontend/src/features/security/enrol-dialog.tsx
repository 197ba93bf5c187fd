import { useTranslation } from 'react-i18next'
import type { Factor } from '@/api/schema'
import { Dialog } from '@/ui/dialog'
import { toast } from '@/ui/toast'
import { Enrolment } from './enrolment/enrolment'
import { everyMethod } from './enrolment/methods'
import { useRefreshSecurity } from './refresh-security'

interface EnrolDialogProps {
  replaces?: Factor | undefined
  onClose: () => void
}

export function EnrolDialog({ replaces, onClose }: EnrolDialogProps) {
  const { t } = useTranslation('security')
  const refresh = useRefreshSecurity()
  return (
    <Dialog
      opened
      onClose={onClose}
      size="lg"
      title={replaces ? t('enrol.replace', { name: replaces.name }) : t('enrol.title')}
    >
      <Enrolment
        methods={replaces ? [replaces.type] : everyMethod}
        replaces={replaces}
        onDone={() => {
          onClose()
          toast(replaces ? t('enrol.replaced') : t('enrol.done'))
          void refresh()
        }}
      />
    </Dialog>
  )
}
