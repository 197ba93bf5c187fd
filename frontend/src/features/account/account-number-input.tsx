import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'

interface AccountNumberInputProps {
  account: Account
  value: string
  onChange: (number: string) => void
  error?: string | undefined
}

/** Typing the number is the brake: it makes sure which account is meant, and that it is meant. */
export function AccountNumberInput({ account, value, onChange, error }: AccountNumberInputProps) {
  const { t } = useTranslation('account')
  return (
    <TextInput
      label={t('number.label', { number: account.number })}
      name="account_number"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
      maxLength={32}
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  )
}

export function matches(typed: string, account: Account): boolean {
  return typed.trim() === account.number
}
