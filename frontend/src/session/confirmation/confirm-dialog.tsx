import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { ChallengeRequest, Factor, FactorType } from '@/api/schema'
import { Dialog } from '@/ui/dialog'
import { PasswordField } from '@/ui/field'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { useAction } from '@/ui/use-action'
import { PasskeyUnanswered } from '../second-factor/passkey'
import { SecondFactor } from '../second-factor/second-factor'
import type { Answering } from '../second-factor/way'
import { session } from '../session'
import type { Question } from './kept'

interface ConfirmDialogProps {
  question: Question
  onConfirmed: (password: string | undefined) => void
  onCancel: () => void
}

const recovery = 'recovery_code'
const ask = (request: ChallengeRequest) =>
  body(session.api.POST('/auth/confirmation/challenges', { body: request }))

/** "Is it still you?" Asks for what the API listed and nothing else. */
export default function ConfirmDialog({ question, onConfirmed, onCancel }: ConfirmDialogProps) {
  const { needs, accepts, refused } = question
  const { t } = useTranslation(['shell', 'secondFactor', 'common'])
  const problemText = useProblemText()
  const needsPassword = needs.includes('password')
  const needsFactor = needs.includes('second_factor')
  const [password, setPassword] = useState('')
  const [ready, setReady] = useState(!needsFactor)
  const factors = useOwnFactors(needsFactor, accepts)
  const [way, setWay] = useState<string>()
  const answering = useRef<Answering>(null)
  const field = useRef<HTMLInputElement>(null)
  const factor = way === undefined ? preferred(factors.list) : factors.list?.find(({ id }) => id === way)

  const confirm = useAction(async () => {
    if (session.state().stage !== 'full') return onConfirmed(password)
    try {
      const second = await answering.current?.collect()
      if (needsFactor && !second) return
      await session.confirm({
        ...(needsPassword && { password }),
        ...(second && { second_factor: second }),
      })
    } catch (error) {
      if (hasCode(error, 'invalid_credentials')) field.current?.select()
      else answering.current?.again()
      throw error
    }
    onConfirmed(undefined)
  })

  const failure = confirm.failure ?? refused
  const wrongPassword = hasCode(failure, 'invalid_credentials')
  const wrongCode = hasCode(failure, 'invalid_code', 'code_already_used', 'code_expired')
  const unanswered = failure instanceof PasskeyUnanswered
  const choose = (next: string) => {
    confirm.clear()
    setReady(false)
    setWay(next)
  }

  return (
    <Dialog opened onClose={onCancel} title={t('confirm.title')} size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void confirm.run()
        }}
      >
        <Stack gap="md">
          <Text>
            {t(!needsFactor ? 'confirm.password' : needsPassword ? 'confirm.both' : 'confirm.factor')}
          </Text>
          {unanswered && <Notice tone="bad">{t('secondFactor:passkey.unanswered')}</Notice>}
          {failure !== undefined && !wrongPassword && !wrongCode && !unanswered && (
            <ProblemNotice error={failure} />
          )}
          {factors.failure !== undefined && <ProblemNotice error={factors.failure} />}
          {needsPassword && (
            <PasswordField
              ref={field}
              label={t('confirm.passwordLabel')}
              name="password"
              autoComplete="current-password"
              maxLength={1024}
              required
              data-autofocus
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              error={wrongPassword ? t('confirm.wrongPassword') : undefined}
            />
          )}
          {needsFactor && !factors.list && !factors.failure && <Loader size="sm" />}
          {needsFactor && factors.list && (
            <SecondFactor
              key={factor?.id ?? recovery}
              ref={answering}
              factor={factor}
              chosen={way !== undefined}
              ask={ask}
              error={wrongCode ? problemText(failure) : undefined}
              busy={confirm.busy}
              takesFocus={way !== undefined || !needsPassword}
              onReady={setReady}
            />
          )}
          {needsFactor && factors.list && (
            <Stack gap={4} align="flex-start">
              {factors.list
                .filter(({ id }) => id !== factor?.id)
                .map((other) => (
                  <button
                    key={other.id}
                    type="button"
                    className="text-button"
                    onClick={() => choose(other.id)}
                  >
                    {t('confirm.useCode', { name: other.name })}
                  </button>
                ))}
              {factor && (
                <button type="button" className="text-button" onClick={() => choose(recovery)}>
                  {t('confirm.useRecovery')}
                </button>
              )}
            </Stack>
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onCancel}>
              {t('common:cancel')}
            </Button>
            <Button
              type="submit"
              loading={confirm.busy}
              disabled={(needsPassword && password === '') || !ready}
            >
              {t('confirm.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}

function preferred(factors: Factor[] | undefined): Factor | undefined {
  return factors?.find((own) => own.default) ?? factors?.[0]
}

interface OwnFactors {
  /** Those that are strong enough. */
  list: Factor[] | undefined
  failure: unknown
}

/** Read past the query cache: what is asked of a person must not be older than the question. */
function useOwnFactors(wanted: boolean, accepts: FactorType[] | undefined): OwnFactors {
  const [list, setList] = useState<Factor[]>()
  const [failure, setFailure] = useState<unknown>()
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    body(session.api.GET('/me/factors', { signal: stop.signal })).then(
      ({ items }) => setList(items.filter((own) => own.status === 'active')),
      (error: unknown) => {
        if (!stop.signal.aborted) setFailure(error)
      },
    )
    return () => stop.abort()
  }, [wanted])
  return { list: list?.filter(({ type }) => accepts?.includes(type) ?? true), failure }
}
