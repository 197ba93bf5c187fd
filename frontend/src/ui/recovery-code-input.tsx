import type { Ref } from 'react'
import { useTranslation } from 'react-i18next'
import { Field } from './field'
import classes from './recovery-code-input.module.css'

interface RecoveryCodeInputProps {
  value: string
  onChange: (code: string) => void
  error?: string | undefined
  ref?: Ref<HTMLInputElement>
}

/** A recovery code as it was printed: dashes, blanks and case do not matter, so nothing is corrected here. */
export function RecoveryCodeInput({ value, onChange, error, ref }: RecoveryCodeInputProps) {
  const { t } = useTranslation()
  return (
    <Field
      ref={ref}
      label={t('recoveryCodes.one')}
      description={t('recoveryCodes.hint')}
      error={error}
      className={classes.input}
      name="recovery-code"
      autoComplete="off"
      autoCapitalize="characters"
      autoCorrect="off"
      spellCheck={false}
      maxLength={32}
      required
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

/** What the contract takes for one. */
export function isRecoveryCode(text: string): boolean {
  return /^[0-9A-Za-z -]{16,32}$/.test(text.trim())
}
