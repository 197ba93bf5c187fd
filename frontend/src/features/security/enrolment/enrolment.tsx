import { useState } from 'react'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { EnrolRequest, Factor, FactorType, Enrolment as Setup } from '@/api/schema'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { session } from '@/session/session'
import { useAction } from '@/ui/use-action'
import { ChooseMethod } from './choose-method'
import { Finish } from './finish'
import { PasskeySetup } from './passkey-setup'
import { PhoneNumber } from './phone-number'
import { SentCodeSetup } from './sent-code-setup'
import { TotpSetup } from './totp-setup'
import { usePending } from './use-pending'

interface EnrolmentProps {
  methods: FactorType[]
  /** The factor whose place the new one takes; it stays valid until then. */
  replaces?: Factor | undefined
  onDone: () => void
}

type Step =
  | { at: 'method' }
  | { at: 'number' }
  | { at: 'setup'; setup: Setup }
  | { at: 'finish'; factor: Factor; codes: string[] | undefined }

/** The way from no factor to an active one. The same in the security page's dialog and in the enforcement window. */
export function Enrolment({ methods, replaces, onDone }: EnrolmentProps) {
  const confirmed = useConfirmed()
  const [step, setStep] = useState<Step>({ at: 'method' })
  const pending = usePending()

  const begin = useAction(async (wanted: EnrolRequest) => {
    await pending.discard()
    const setup = await confirmed((password) =>
      body(
        session.api.POST('/me/factors', {
          body: { ...wanted, ...(replaces && { replaces: replaces.id }), ...(password && { password }) },
        }),
      ),
    )
    pending.keep(setup.factor.id)
    setStep({ at: 'setup', setup })
  })

  const activate = useAction(async (factor: Factor) => {
    await session.activateFactor(factor.id)
    pending.settle()
    onDone()
  })

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
    case 'number':
      return (
        <PhoneNumber
          busy={begin.busy}
          failure={begin.failure}
          onNumber={(number) => void begin.run({ type: 'sms', phone_number: number })}
          onBack={startOver}
        />
      )
    case 'setup': {
      const setup = {
        setup: step.setup,
        onVerified: (verified: { factor: Factor; recovery_codes?: string[] }) =>
          setStep({ at: 'finish', factor: verified.factor, codes: verified.recovery_codes }),
        onStartOver: startOver,
      }
      if (step.setup.passkey_options) return <PasskeySetup {...setup} />
      return step.setup.challenge ? <SentCodeSetup {...setup} /> : <TotpSetup {...setup} />
    }
    case 'finish':
      return (
        <Finish
          codes={step.codes}
          busy={activate.busy}
          failure={activate.failure}
          onOkay={() => activate.run(step.factor)}
          onStartOver={hasCode(activate.failure, 'factor_not_verified', 'not_found') ? startOver : undefined}
        />
      )
  }
}
