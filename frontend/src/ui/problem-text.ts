import { useTranslation } from 'react-i18next'
import { asProblem } from '@/api/problem'

/** Says a failure in the person's language. The contract's own sentences are English and meant for programs' logs. */
export function useProblemText(): (error: unknown) => string {
  const { t, i18n } = useTranslation()
  return (error) => {
    const problem = asProblem(error)
    if (problem.code === 'rate_limited' && problem.retryAfter) {
      return t('problem.rate_limited_for', { count: Math.max(1, Math.ceil(problem.retryAfter / 60)) })
    }
    if (problem.code === 'invalid_code' && problem.attempts_left !== undefined) {
      return `${t('problem.invalid_code')} ${t('problem.attempts_left', { count: problem.attempts_left })}`
    }
    const known: boolean = i18n.exists(`problem.${problem.code}`)
    if (known) return t(`problem.${problem.code}` as 'problem.unknown')
    return problem.passing ? t('problem.unavailable') : t('problem.unknown')
  }
}
