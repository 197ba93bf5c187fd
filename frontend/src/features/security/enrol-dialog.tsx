import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EnrolRequest, Factor } from '@/api/schema'
import { Dialog } from '@/ui/dialog'
import { toast } from '@/ui/toast'
import { Enrolment } from './enrolment/enrolment'
import { everyMethod } from './enrolment/methods'
import { VerifyBackup } from './phones/verify-backup'
import { useRefreshSecurity } from './refresh-security'

interface EnrolDialogProps {
  replaces?: Factor | undefined
  onClose: () => void
}

export function EnrolDialog({ replaces, onClose }: EnrolDialogProps) {
  const { t } = useTranslation('security')
  const refresh = useRefreshSecurity()
  const [backup, setBackup] = useState(false)
  function done(wanted: EnrolRequest) {
    if (wanted.backup_phone_number) setBackup(true)
    else onClose()
    toast(replaces ? t('enrol.replaced') : t('enrol.done'))
    void refresh()
  }
  const title = replaces ? t('enrol.replace', { name: replaces.name }) : t('enrol.title')
  return (
    <Dialog opened onClose={onClose} size="lg" title={backup ? t('enrol.backup') : title}>
      {backup ? (
        <VerifyBackup onDone={onClose} />
      ) : (
        <Enrolment methods={replaces ? [replaces.type] : everyMethod} replaces={replaces} onDone={done} />
      )}
    </Dialog>
  )
}
