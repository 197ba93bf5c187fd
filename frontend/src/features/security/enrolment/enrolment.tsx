import { Button, Group, Loader, Stack } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { EnrolRequest, Factor, FactorType, Phone, Enrolment as Setup } from '@/api/schema'
import { withPassword } from '@/session/confirmation/with-password'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { useAction } from '@/ui/use-action'
import { ChooseMethod } from './choose-method'
import { Finish } from './finish'
import { goOn } from './go-on'
import { Guard } from './guard'
import { OwnNumber } from './own-number'
import { PasskeySetup } from './passkey-setup'
import { PhoneNumber } from './phone-number'
import { SentCodeSetup } from './sent-code-setup'
import { TotpSetup } from './totp-setup'

interface EnrolmentProps {
  methods: FactorType[]
  /** The factor whose place the new one takes; it stays valid until then. */
  replaces?: Factor | undefined
  /** A verified number to begin with, instead of the choice. */
  own?: { phone: Phone; onSkip: () => void } | undefined
  onDone: (done: { backup: boolean }) => void
  /** What was to be gone on with is there no more; without it the choice comes up. */
  onGone?: (() => void) | undefined
}

type Step =
  | { at: 'again' }
  | { at: 'method' }
  | { at: 'own-number' }
  | { at: 'number'; wanted?: EnrolRequest }
  | { at: 'guard'; wanted: EnrolRequest }
  | { at: 'setup'; wanted: EnrolRequest; setup: Setup }
  | { at: 'finish'; codes: string[] | undefined; backup: boolean }

/**
 * The way from no factor to an active one. The same in the security page's dialog and in the enforcement window. It goes
 * on where this tab was before a reload, and in the window where another tab is.
 */
export function Enrolment({ methods, replaces, own, onDone, onGone }: EnrolmentProps) {
  const { t } = useTranslation(['enrolment', 'common'])
  const first: Step = own ? { at: 'own-number' } : { at: 'method' }
  const [step, setStep] = useState<Step>(() => (!own && session.enrolment.kept() ? { at: 'again' } : first))
  const mounted = useMounted()

  const again = useAction(async () => {
    const kept = session.enrolment.kept()
    const fits = kept && methods.includes(kept.type) && kept.replaces === replaces?.id
    const place = fits ? await goOn(session.enrolment) : undefined
    if (place) return setStep(place.at === 'finish' ? place : { ...place, wanted: { type: place.type } })
    await session.enrolment.cancel()
    if (onGone) onGone()
    else setStep(first)
  })

  const begin = useAction(async (wanted: EnrolRequest) => {
    await session.enrolment.cancel()
    const backup = wanted.backup_phone_number !== undefined
    const post = (password?: string) =>
      body<Setup>(
        session.api.POST('/me/factors', {
          body: { ...wanted, ...(replaces && { replaces: replaces.id }), ...(password && { password }) },
        }),
      )
    try {
      const open = session.state().stage === 'full'
      const setup = await (open ? post() : withPassword(post, session.confirmation.ask))
      session.enrolment.begin(setup, { replaces: replaces?.id, backup })
      // Closed meanwhile: nobody has seen it, and nobody goes on with it.
      if (!mounted.current) return await session.enrolment.cancel()
      if (setup.factor.status === 'pending') setStep({ at: 'setup', wanted, setup })
      else setStep({ at: 'finish', codes: setup.recovery_codes, backup })
    } catch (error) {
      if (hasCode(error, 'enrolment_guarded')) return setStep({ at: 'guard', wanted })
      setStep(before(wanted))
      throw error
    }
  })

  const activate = useAction(async (backup: boolean) => {
    await session.activateFactor()
    onDone({ backup })
  })

  const { run: runAgain } = again
  useEffect(() => {
    if (step.at === 'again') void runAgain()
  }, [step.at, runAgain])
  useOtherTab(!own && step.at === 'method' && !begin.busy, () => setStep({ at: 'again' }))

  /** The step in which a wish is made. */
  function before(wanted: EnrolRequest): Step {
    if (wanted.phone_id && own) return { at: 'own-number' }
    return wanted.type === 'sms' ? { at: 'number', wanted } : { at: 'method' }
  }
  function choose(type: FactorType) {
    if (type === 'sms') setStep({ at: 'number' })
    else void begin.run({ type })
  }
  function leaveTo(next: Step) {
    void session.enrolment.cancel()
    begin.clear()
    activate.clear()
    setStep(next)
  }
  const startOver = () => leaveTo({ at: 'method' })

  switch (step.at) {
    case 'again':
      return again.failure === undefined ? (
        <Loader size="sm" role="status" aria-label={t('common:loading')} />
      ) : (
        <ProblemNotice error={again.failure} onRetry={() => void again.run()} />
      )
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
      const props = {
        setup,
        onVerified: (verified: { recovery_codes?: string[] }) =>
          setStep({
            at: 'finish',
            codes: verified.recovery_codes,
            backup: session.enrolment.kept()?.backup ?? false,
          }),
        onStartOver: startOver,
      }
      return (
        <Stack gap="md">
          {setup.passkey_options ? (
            <PasskeySetup {...props} />
          ) : setup.challenge ? (
            <SentCodeSetup {...props} />
          ) : (
            <TotpSetup {...props} />
          )}
          <Group>
            <Button variant="subtle" size="compact-sm" px={0} onClick={() => leaveTo(before(wanted))}>
              {t('back')}
            </Button>
          </Group>
        </Stack>
      )
    }
    case 'finish':
      return (
        <Finish
          codes={step.codes}
          backup={step.backup}
          busy={activate.busy}
          failure={activate.failure}
          onOkay={() => activate.run(step.backup)}
          onStartOver={hasCode(activate.failure, 'factor_not_verified', 'not_found') ? startOver : undefined}
        />
      )
  }
}

function useMounted() {
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  return mounted
}

/** A sign-in between the doors is one, in however many tabs: what one of them has begun, the next goes on with. */
function useOtherTab(free: boolean, onFound: () => void) {
  const latest = useRef({ free, onFound })
  latest.current = { free, onFound }
  useEffect(() => {
    if (session.state().stage === 'full' || session.enrolment.kept()) return
    let gone = false
    void session.enrolment.fromOtherTab().then((found) => {
      if (gone || !found || !latest.current.free) return
      session.enrolment.adopt(found)
      latest.current.onFound()
    })
    return () => {
      gone = true
    }
  }, [])
}
