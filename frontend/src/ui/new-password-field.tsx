import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '@/api/problem'
import { PasswordField } from './field'

const shortest = 12

interface NewPasswordFieldProps {
  label: string
  /** What the API said of it, if anything. */
  failure: unknown
}

/** The rules of a new password, said before it is typed; whether it is common is the API's to know. */
export function NewPasswordField({ label, failure }: NewPasswordFieldProps) {
  const { t } = useTranslation('access')
  const [length, setLength] = useState(0)
  const refused = failure !== undefined && asProblem(failure).concerns('/password')
  return (
    <PasswordField
      label={label}
      name="password"
      autoComplete="new-password"
      minLength={shortest}
      maxLength={1024}
      required
      description={
        length > 0 && length < shortest
          ? t('password.more', { count: shortest - length })
          : t('password.rules')
      }
      error={refused ? t('password.refused') : undefined}
      onChange={(event) => setLength([...event.currentTarget.value].length)}
    />
  )
}
