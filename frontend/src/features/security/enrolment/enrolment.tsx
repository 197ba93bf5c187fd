import { useEffect, useRef, useState } from 'react'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { Factor, FactorType, Enrolment as Setup } from '@/api/schema'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { session } from '@/session/session'
import { useAction } from '@/ui/use-action'
import { ChooseMethod } from './choose-method'
import { Finish } from './finish'
import { TotpSetup } from './totp-setup'

interface EnrolmentProps {
  methods: FactorType[]
  /** The factor whose place the new one takes; it stays valid until then. */
  replaces?: Factor
  onDone: () => void
}

type Step =
  | { at: 'method' }
  | { at: 'setup'; setup: Setup }
  | { at: 'finish'; factor: Factor; codes: string[] | undefined }

/** The way from no factor to an active one. The same in the security page's dialog and in the enforcement window. */
export function Enrolment({ methods, replaces, onDone }: EnrolmentProps) {
  const confirmed = useConfirmed()
  const [step, setStep] = useState<Step>({ at: 'method' })
  const pending = usePending()

  const begin = useAction(async (type: FactorType) => {
    await pending.discard()
    const setup = await confirmed(() =>
      body(session.api.POST('/me/factors', { body: { type, ...(replaces && { replaces: replaces.id }) } })),
    )
    pending.keep(setup.factor.id)
    setStep({ at: 'setup', setup })
  })

  const activate = useAction(async (factor: Factor) => {
    await session.activateFactor(factor.id)
    pending.settled()
    onDone()
  })

  switch (step.at) {
    case 'method':
      return <ChooseMethod methods={methods} busy={begin.busy} failure={begin.failure} onChoose={begin.run} />
    case 'setup':
      return (
        <TotpSetup
          setup={step.setup}
          onVerified={({ factor, recovery_codes: codes }) => setStep({ at: 'finish', factor, codes })}
          onLost={() => setStep({ at: 'method' })}
        />
      )
    case 'finish':
      return (
        <Finish
          codes={step.codes}
          busy={activate.busy}
          failure={activate.failure}
          onOkay={() => activate.run(step.factor)}
          onAgain={
            hasCode(activate.failure, 'factor_not_verified') ? () => setStep({ at: 'method' }) : undefined
          }
        />
      )
  }
}

/** A setup that was begun and given up leaves no half-made factor behind. */
function usePending() {
  const id = useRef<string>(undefined)
  const discard = async () => {
    const factorId = id.current
    id.current = undefined
    if (!factorId || session.state().stage !== 'full') return
    await session.api
      .DELETE('/me/factors/{factor_id}', { params: { path: { factor_id: factorId } } })
      .catch(() => {})
  }
  const discardLatest = useRef(discard)
  useEffect(() => () => void discardLatest.current(), [])
  return {
    keep: (factorId: string) => {
      id.current = factorId
    },
    settled: () => {
      id.current = undefined
    },
    discard,
  }
}
