import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factor } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { toast } from '@/ui/toast'
import { Enrolment } from './enrolment/enrolment'
import { everyMethod } from './enrolment/methods'
import { VerifyBackup } from './phones/verify-backup'
import { useRefreshSecurity } from './refresh-security'

interface EnrolDialogProps {
  replaces?: Factor | undefined
  /** It came up by itself, to go on with what was begun. */
  resumed?: boolean
  onClose: () => void
}

export function EnrolDialog({ replaces, resumed = false, onClose }: EnrolDialogProps) {
  const { t } = useTranslation('security')
  const refresh = useRefreshSecurity()
  const [backup, setBackup] = useState(false)
  function done(enrolled: { backup: boolean }) {
    if (enrolled.backup) setBackup(true)
    else onClose()
    toast(replaces ? t('enrol.replaced') : t('enrol.done'))
    void refresh()
  }
  /** Closing it gives up what was begun; a reload, or a walk to another page, does not. */
  function close() {
    void session.enrolment.cancel()
    onClose()
  }
  const title = replaces ? t('enrol.replace', { name: replaces.name }) : t('enrol.title')
  return (
    <Dialog opened onClose={close} size="lg" title={backup ? t('enrol.backup') : title}>
      {backup ? (
        <VerifyBackup onDone={onClose} />
      ) : (
        <Enrolment
          methods={replaces ? [replaces.type] : everyMethod}
          replaces={replaces}
          onDone={done}
          onGone={resumed ? onClose : undefined}
        />
      )}
    </Dialog>
  )
}
