import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import type { Challenge, Phone, PhoneKind } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { Enrolment } from '../enrolment/enrolment'
import { everyMethod } from '../enrolment/methods'
import { useRefreshSecurity } from '../refresh-security'
import { GiveNumber } from './give-number'
import { VerifyNumber } from './verify-number'

interface NumberDialogProps {
  kind: PhoneKind
  /** The number to go on with; none: a new one. */
  phone?: Phone | undefined
  onClose: () => void
}

type Step =
  | { at: 'number' }
  | { at: 'code'; phone: Phone; challenge?: Challenge }
  | { at: 'offer'; phone: Phone }

/** From a number that is typed to one that is proven, and from a mobile number on to the second factor. */
export function NumberDialog({ kind, phone, onClose }: NumberDialogProps) {
  const { t } = useTranslation(['phones', 'security'])
  const refresh = useRefreshSecurity()
  const factors = query.useQuery('get', '/me/factors')
  const [step, setStep] = useState<Step>(
    phone ? { at: phone.verified ? 'offer' : 'code', phone } : { at: 'number' },
  )
  const texted = factors.data?.items.find(({ type, status }) => type === 'sms' && status === 'active')

  const give = useAction(async (number: string) => {
    const given = await body(session.api.POST('/me/phones', { body: { kind, number } }))
    setStep({ at: 'code', ...given })
    await refresh()
  })
  function verified(proven: Phone) {
    void refresh()
    if (kind === 'mobile') return setStep({ at: 'offer', phone: proven })
    onClose()
    toast(t('backup.verified'))
  }

  /** Gives up a second factor that was begun with the number. */
  function close() {
    void session.enrolment.cancel()
    onClose()
  }

  return (
    <Dialog opened onClose={close} size="lg" title={t(`kind.${kind}`)}>
      {step.at === 'number' && (
        <GiveNumber
          kind={kind}
          busy={give.busy}
          failure={give.failure}
          onNumber={(number) => void give.run(number)}
          onCancel={onClose}
        />
      )}
      {step.at === 'code' && (
        <VerifyNumber
          phone={step.phone}
          first={step.challenge}
          onVerified={verified}
          onStartOver={() => setStep({ at: 'number' })}
        />
      )}
      {step.at === 'offer' && (
        <Enrolment
          methods={everyMethod}
          replaces={texted}
          own={{ phone: step.phone, onSkip: onClose }}
          onDone={() => {
            onClose()
            toast(texted ? t('security:enrol.replaced') : t('security:enrol.done'))
            void refresh()
          }}
        />
      )}
    </Dialog>
  )
}
