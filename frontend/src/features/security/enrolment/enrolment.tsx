import { useState } from 'react'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { EnrolRequest, Factor, FactorType, Phone, Enrolment as Setup } from '@/api/schema'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { session } from '@/session/session'
import { useAction } from '@/ui/use-action'
import { ChooseMethod } from './choose-method'
import { Finish } from './finish'
import { Guard } from './guard'
import { OwnNumber } from './own-number'
import { PasskeySetup } from './passkey-setup'
import { PhoneNumber } from './phone-number'
import { SentCodeSetup } from './sent-code-setup'
import { TotpSetup } from './totp-setup'
import { usePending } from './use-pending'

interface EnrolmentProps {
  methods: FactorType[]
  /** The factor whose place the new one takes; it stays valid until then. */
  replaces?: Factor | undefined
  /** A verified number to begin with, instead of the choice. */
  own?: { phone: Phone; onSkip: () => void } | undefined
  /** Gets what was asked for in the end. */
  onDone: (wanted: EnrolRequest) => void
}

type Step =
  | { at: 'method' }
  | { at: 'own-number' }
  | { at: 'number'; wanted?: EnrolRequest }
  | { at: 'guard'; wanted: EnrolRequest }
  | { at: 'setup'; wanted: EnrolRequest; setup: Setup }
  | { at: 'finish'; wanted: EnrolRequest; factor: Factor; codes: string[] | undefined }

/** The way from no factor to an active one. The same in the security page's dialog and in the enforcement window. */
export function Enrolment({ methods, replaces, own, onDone }: EnrolmentProps) {
  const confirmed = useConfirmed()
  const [step, setStep] = useState<Step>(own ? { at: 'own-number' } : { at: 'method' })
  const pending = usePending()

  const begin = useAction(async (wanted: EnrolRequest) => {
    await pending.discard()
    try {
      const setup = await confirmed((password) =>
        body(
          session.api.POST('/me/factors', {
            body: { ...wanted, ...(replaces && { replaces: replaces.id }), ...(password && { password }) },
          }),
        ),
      )
      pending.keep(setup.factor.id)
      if (setup.factor.status === 'pending') setStep({ at: 'setup', wanted, setup })
      else setStep({ at: 'finish', wanted, factor: setup.factor, codes: setup.recovery_codes })
    } catch (error) {
      if (hasCode(error, 'enrolment_guarded')) return setStep({ at: 'guard', wanted })
      setStep(before(wanted))
      throw error
    }
  })

  const activate = useAction(async (factor: Factor, wanted: EnrolRequest) => {
    await session.activateFactor(factor.id)
    pending.settle()
    onDone(wanted)
  })

  /** The step in which a wish is made. */
  function before(wanted: EnrolRequest): Step {
    if (wanted.phone_id) return { at: 'own-number' }
    return wanted.type === 'sms' ? { at: 'number', wanted } : { at: 'method' }
  }
  function choose(type: FactorType) {
    if (type === 'sms') setStep({ at: 'number' })
    else void begin.run({ type })
  }
  function startOver() {
    begin.clear()
    setStep({ at: 'method' })
  }

  switch (step.at) {
    case 'method':
      return <ChooseMethod methods={methods} busy={begin.busy} failure={begin.failure} onChoose={choose} />
    case 'own-number':
      return (
        own && (
          <OwnNumber
            hint={own.phone.hint}
            replaces={replaces}
            busy={begin.busy}
            failure={begin.failure}
            onAccept={() => void begin.run({ type: 'sms', phone_id: own.phone.id })}
            onSafer={replaces ? undefined : startOver}
            onSkip={own.onSkip}
          />
        )
      )
    case 'number':
      return (
        <PhoneNumber
          wanted={step.wanted}
          safer={methods.find((method) => method !== 'sms' && method !== 'email')}
          busy={begin.busy}
          failure={begin.failure}
          onNumber={(numbers) => void begin.run({ type: 'sms', ...numbers })}
          onBack={startOver}
          onSafer={choose}
        />
      )
    case 'guard':
      return <Guard onPassed={() => begin.run(step.wanted)} onBack={() => setStep(before(step.wanted))} />
    case 'setup': {
      const { setup, wanted } = step
      const setupProps = {
        setup,
        onVerified: (verified: { factor: Factor; recovery_codes?: string[] }) =>
          setStep({ at: 'finish', wanted, factor: verified.factor, codes: verified.recovery_codes }),
        onStartOver: startOver,
      }
      if (setup.passkey_options) return <PasskeySetup {...setupProps} />
      return setup.challenge ? <SentCodeSetup {...setupProps} /> : <TotpSetup {...setupProps} />
    }
    case 'finish':
      return (
        <Finish
          codes={step.codes}
          backup={step.wanted.backup_phone_number !== undefined}
          busy={activate.busy}
          failure={activate.failure}
          onOkay={() => activate.run(step.factor, step.wanted)}
          onStartOver={hasCode(activate.failure, 'factor_not_verified', 'not_found') ? startOver : undefined}
        />
      )
  }
}
