import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { asProblem } from '@/api/problem'
import { Notice } from './notice'
import { useProblemText } from './problem-text'

/** A failed read or write, with a way to try again where there is one. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const { code, request_id: requestId } = asProblem(error)
  const retry = onRetry && (
    <Button variant="default" size="xs" onClick={onRetry}>
      {t('retry')}
    </Button>
  )
  return (
    <Notice tone="bad" action={retry}>
      {problemText(error)}
      {code === 'internal_error' && requestId && <> {t('requestId', { id: requestId })}</>}
    </Notice>
  )
}
