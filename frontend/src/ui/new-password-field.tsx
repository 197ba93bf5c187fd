import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '@/api/problem'
import { PasswordField } from './field'
import classes from './new-password-field.module.css'
import { strength } from './password-strength'

/** Characters, as the server counts them: fewer are enough beside a passkey. */
const shortest = { no: 12, maybe: 8, yes: 8 }

interface NewPasswordFieldProps {
  label: string
  /** What the API said of it, if anything. */
  failure: unknown
  /** Whether the person has a passkey. */
  passkey?: 'no' | 'maybe' | 'yes'
}

/** The rules of a new password, said before it is typed, and how strong it is; whether it is common is the API's to know. */
export function NewPasswordField({ label, failure, passkey = 'no' }: NewPasswordFieldProps) {
  const { t } = useTranslation('access')
  const [typed, setTyped] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const form = input.current?.form
    const clear = () => setTyped('')
    form?.addEventListener('reset', clear)
    return () => form?.removeEventListener('reset', clear)
  }, [])
  const refused = failure !== undefined && asProblem(failure).concerns('/password')
  const length = [...typed.normalize('NFKC')].length
  const missing = shortest[passkey] - length
  const level = strength(typed)
  return (
    <div>
      <PasswordField
        ref={input}
        label={label}
        name="password"
        autoComplete="new-password"
        minLength={shortest[passkey]}
        maxLength={1024}
        required
        description={
          length > 0 && missing > 0 ? t('password.more', { count: missing }) : t(`password.rules.${passkey}`)
        }
        error={refused ? t('password.refused') : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <p className={classes.strength} data-level={length > 0 && missing <= 0 ? level : 'none'} role="status">
        {length > 0 && missing <= 0 && (
          <>
            <span className={classes.bar} aria-hidden="true" />
            {t('password.strength', { level: t(`password.level.${level}`) })}
          </>
        )}
      </p>
    </div>
  )
}
