import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { type SubmitEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { Factor, SecondFactorAnswer } from '@/api/schema'
import { CodeInput, codeLength } from '@/ui/code-input'
import { Dialog } from '@/ui/dialog'
import { PasswordField } from '@/ui/field'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { isRecoveryCode, RecoveryCodeInput } from '@/ui/recovery-code-input'
import { useAction } from '@/ui/use-action'
import { session } from '../session'
import type { Need } from './confirmed'

interface ConfirmDialogProps {
  needs: Need[]
  onConfirmed: () => void
  onCancel: () => void
}

/** "Is it still you?" Asks for what the API listed and nothing else. */
export default function ConfirmDialog({ needs, onConfirmed, onCancel }: ConfirmDialogProps) {
  const { t } = useTranslation(['shell', 'common'])
  const problemText = useProblemText()
  const needsFactor = needs.includes('second_factor')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [recovery, setRecovery] = useState(false)
  const factors = useOwnFactors(needsFactor)
  const factor = factors.find((own) => own.default) ?? factors[0]

  const confirm = useAction(async (second: SecondFactorAnswer | undefined) => {
    try {
      await session.api.POST('/auth/confirmation', { body: { password, second_factor: second } })
    } catch (error) {
      setCode('')
      throw error
    }
    onConfirmed()
  })

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    void confirm.run(needsFactor ? answer() : undefined)
  }

  function answer(): SecondFactorAnswer | undefined {
    if (recovery) return { type: 'recovery_code', code: code.trim() }
    return factor && { type: 'totp', factor_id: factor.id, code }
  }

  const wrongPassword = hasCode(confirm.failure, 'invalid_credentials')
  const wrongCode = hasCode(confirm.failure, 'invalid_code', 'code_already_used', 'code_expired')
  const codeError = wrongCode ? problemText(confirm.failure) : undefined
  const complete =
    !needsFactor || (recovery ? isRecoveryCode(code) : code.length === codeLength && factor !== undefined)

  return (
    <Dialog opened onClose={onCancel} title={t('confirm.title')} size="sm">
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text>{needsFactor ? t('confirm.both') : t('confirm.password')}</Text>
          {confirm.failure !== undefined && !wrongPassword && !wrongCode && (
            <ProblemNotice error={confirm.failure} />
          )}
          <PasswordField
            label={t('confirm.passwordLabel')}
            name="password"
            autoComplete="current-password"
            required
            data-autofocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={wrongPassword ? t('confirm.wrongPassword') : undefined}
          />
          {needsFactor &&
            (recovery ? (
              <RecoveryCodeInput value={code} onChange={setCode} error={codeError} />
            ) : (
              <CodeInput
                label={t('confirm.codeLabel')}
                description={factor && t('confirm.codeOf', { name: factor.name })}
                value={code}
                onChange={setCode}
                error={codeError}
              />
            ))}
          {needsFactor && (
            <Anchor
              component="button"
              type="button"
              size="sm"
              ta="left"
              onClick={() => {
                setRecovery(!recovery)
                setCode('')
              }}
            >
              {recovery ? t('confirm.useCode') : t('confirm.useRecovery')}
            </Anchor>
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onCancel}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={confirm.busy} disabled={password === '' || !complete}>
              {t('confirm.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}

/** Read past the query cache: the window, which has none, asks for confirmation too. */
function useOwnFactors(wanted: boolean): Factor[] {
  const [factors, setFactors] = useState<Factor[]>([])
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    body(session.api.GET('/me/factors', { signal: stop.signal })).then(
      ({ items }) => setFactors(items.filter((own) => own.status === 'active')),
      () => {},
    )
    return () => stop.abort()
  }, [wanted])
  return factors
}
