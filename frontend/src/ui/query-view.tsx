import { Skeleton, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemNotice } from './problem-notice'

interface QueryLike<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

interface QueryViewProps<T> {
  query: QueryLike<T>
  /** How many lines the content will roughly have, so that the page does not jump. */
  lines?: number
  children: (data: T) => ReactNode
}

/** A read in its three states. Old data stays in view while a newer read fails. */
export function QueryView<T>({ query, lines = 4, children }: QueryViewProps<T>) {
  const { t } = useTranslation()
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />
  return (
    <Stack gap="sm" role="status" aria-label={t('loading')}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholders have nothing else
        <Skeleton key={line} height={20} radius="sm" width={line % 3 === 2 ? '60%' : '100%'} />
      ))}
    </Stack>
  )
}
