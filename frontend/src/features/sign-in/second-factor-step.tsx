import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SecondFactorStage } from '@/session/state'
import { Countdown } from '@/ui/countdown'
import { CodeForm } from './code-form'
import { RecoveryCodeForm } from './recovery-code-form'
import classes from './second-factor-step.module.css'

interface SecondFactorStepProps {
  stage: SecondFactorStage
  onBack: () => void
  /** The dialog around it has a title of its own. */
  bare?: boolean
}

/** Asks for the second factor: at sign-in, and in the window of a session that fell back to here. */
export default function SecondFactorStep({ stage, onBack, bare = false }: SecondFactorStepProps) {
  const { t } = useTranslation('signIn')
  const [way, setWay] = useState<string>(() => preferred(stage))
  const factor = stage.factors.find(({ id }) => id === way)
  const others = stage.factors.filter(({ id }) => id !== way)

  return (
    <div className="stack">
      {!bare && (
        <div>
          <h1>{t('secondFactor.heading')}</h1>
          <p className="quiet">
            {factor ? t('secondFactor.lead', { name: factor.name }) : t('secondFactor.recoveryLead')}
          </p>
        </div>
      )}
      {factor ? <CodeForm key={factor.id} factor={factor} /> : <RecoveryCodeForm />}
      <div className={classes.ways}>
        {others.map((other) => (
          <button key={other.id} type="button" className="text-button" onClick={() => setWay(other.id)}>
            {t('secondFactor.useInstead', { name: other.name })}
          </button>
        ))}
        {factor && (
          <button type="button" className="text-button" onClick={() => setWay(recovery)}>
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
            {t('secondFactor.timeLeft')} <Countdown until={stage.expiresAt} />
          </span>
        )}
      </div>
    </div>
  )
}

const recovery = 'recovery_code'

function preferred({ factors }: SecondFactorStage): string {
  return (factors.find((factor) => factor.default) ?? factors[0])?.id ?? recovery
}
