import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'

interface OutcomeProps {
  tone: 'good' | 'bad' | 'warn'
  heading: string
  text: string
  /** Where the person goes on; the sign-in page where nothing is said. */
  to?: { href: string; label: string }
}

/** The end of a link: what has happened, and where to go from here. */
export function Outcome({ tone, heading, text, to }: OutcomeProps) {
  const { t } = useTranslation('access')
  return (
    <div className="stack">
      <h1>{heading}</h1>
      <Notice tone={tone}>{text}</Notice>
      <p>
        <a href={to?.href ?? '/sign-in'}>{to?.label ?? t('toSignIn')}</a>
      </p>
    </div>
  )
}
