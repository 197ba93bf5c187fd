import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import { DoorButton } from '@/ui/door-button'
import { Doorway } from '@/ui/doorway'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { useAction } from '@/ui/use-action'
import { useMailToken } from './mail-token'
import { Outcome } from './outcome'

interface LinkPageProps {
  /** Whose texts. */
  of: 'verify' | 'notMe'
  open: (token: string) => Promise<unknown>
}

/**
 * A link of a mail that does one thing. It does it at a click and not at a visit: programs that look into mails visit
 * every link.
 */
export function LinkPage({ of, open }: LinkPageProps) {
  const { t } = useTranslation('access')
  const token = useMailToken()
  const [done, setDone] = useState(false)
  useTitle(t(`${of}.title`))
  const act = useAction(async () => {
    await open(token)
    setDone(true)
  })
  if (done) {
    return (
      <Doorway>
        <Outcome tone="good" heading={t(`${of}.done`)} text={t(`${of}.doneText`)} />
      </Doorway>
    )
  }
  if (!token || hasCode(act.failure, 'link_expired')) {
    return (
      <Doorway>
        <Outcome tone="warn" heading={t('expired')} text={t('expiredText')} />
      </Doorway>
    )
  }
  return (
    <Doorway>
      <div className="stack">
        <div>
          <h1>{t(`${of}.heading`)}</h1>
          <p className="quiet">{t(`${of}.lead`)}</p>
        </div>
        {act.failure !== undefined && <ProblemNotice error={act.failure} />}
        <DoorButton busy={act.busy} onClick={() => void act.run()}>
          {t(`${of}.submit`)}
        </DoorButton>
      </div>
    </Doorway>
  )
}
