import { Button } from '@mantine/core'
import { useCallback, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { ChallengeRequest } from '@/api/schema'
import { PasskeyUnanswered } from '@/session/second-factor/passkey'
import { SecondFactor } from '@/session/second-factor/second-factor'
import type { Answering } from '@/session/second-factor/way'
import { session } from '@/session/session'
import type { SecondFactorStage } from '@/session/state'
import { Countdown } from '@/ui/countdown'
import { Notice } from '@/ui/notice'
import { useProblemText } from '@/ui/problem-text'
import { useAction } from '@/ui/use-action'
import classes from './second-factor-step.module.css'

interface SecondFactorStepProps {
  stage: SecondFactorStage
  onBack: () => void
  /** The dialog around it has a title of its own. */
  bare?: boolean
}

const recovery = 'recovery_code'
const ask = (request: ChallengeRequest) =>
  body(session.api.POST('/auth/second-factor/challenges', { body: request }))

/** Asks for the second factor: at sign-in, and in the window of a session that fell back to here. */
export default function SecondFactorStep({ stage, onBack, bare = false }: SecondFactorStepProps) {
  const { t } = useTranslation(['signIn', 'secondFactor', 'common'])
  const problemText = useProblemText()
  const [way, setWay] = useState<string>(() => preferred(stage))
  const [chosen, setChosen] = useState(false)
  const [ready, setReady] = useState(false)
  const answering = useRef<Answering>(null)
  const factor = stage.factors.find(({ id }) => id === way)
  const others = stage.factors.filter(({ id }) => id !== way)

  const verify = useAction(async () => {
    try {
      const answer = await answering.current?.collect()
      if (answer) await session.answerSecondFactor(answer)
    } catch (error) {
      answering.current?.again()
      throw error
    }
  })
  const { run, clear } = verify
  const onFull = useCallback(() => void run(), [run])
  const choose = (next: string) => {
    clear()
    setReady(false)
    setChosen(true)
    setWay(next)
  }

  const closed = hasCode(verify.failure, 'too_many_attempts', 'factor_disabled')
  const text =
    verify.failure instanceof PasskeyUnanswered
      ? t('secondFactor:passkey.unanswered')
      : factor?.type === 'passkey' && hasCode(verify.failure, 'invalid_code')
        ? t('common:problem.passkey_refused')
        : verify.failure !== undefined && problemText(verify.failure)
  return (
    <div className="stack">
      {!bare && (
        <div>
          <h1>{t('secondFactor.heading')}</h1>
          <p className="quiet">{factor ? t('secondFactor.lead') : t('secondFactor.recoveryLead')}</p>
        </div>
      )}
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void verify.run()
        }}
      >
        {text && <Notice tone="bad">{text}</Notice>}
        <SecondFactor
          key={way}
          ref={answering}
          factor={factor}
          chosen={chosen}
          ask={ask}
          error={undefined}
          takesFocus
          busy={verify.busy || closed}
          onReady={setReady}
          onFull={onFull}
        />
        <Button type="submit" size="md" loading={verify.busy} disabled={!ready || closed} fullWidth>
          {factor?.type === 'passkey' ? t('secondFactor.usePasskey') : t('secondFactor.verify')}
        </Button>
      </form>
      <div className={classes.ways}>
        {others.map((other) => (
          <button key={other.id} type="button" className="text-button" onClick={() => choose(other.id)}>
            {t('secondFactor.useInstead', { name: other.name })}
          </button>
        ))}
        {factor && (
          <button type="button" className="text-button" onClick={() => choose(recovery)}>
            {t('secondFactor.useRecovery')}
          </button>
        )}
      </div>
      <div className={classes.foot}>
        <button type="button" className="text-button" onClick={onBack}>
          {stage.live ? t('secondFactor.signOut') : t('secondFactor.back')}
        </button>
        {!stage.live && (
          <span>
            {t('secondFactor.timeLeft')} <Countdown until={stage.endsAt ?? stage.expiresAt} />
          </span>
        )}
      </div>
    </div>
  )
}

function preferred({ factors }: SecondFactorStage): string {
  return (factors.find((factor) => factor.default) ?? factors[0])?.id ?? recovery
}
