import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DemoMessage } from '@/api/schema'
import { Icon } from '@/ui/icon'
import { Time } from '@/ui/time'
import classes from './message.module.css'

export function Message({ message }: { message: DemoMessage }) {
  const { t } = useTranslation('demo')
  const [opened, setOpened] = useState(false)
  return (
    <li>
      <details onToggle={(event) => setOpened(event.currentTarget.open)}>
        <summary className={classes.summary}>
          <Icon name={message.channel === 'email' ? 'mail' : 'app'} />
          <span className={classes.text}>
            <strong>{message.subject ?? t('sms')}</strong>
            <span className={classes.detail}>
              {t('to')} {message.to} · <Time at={message.sent_at} clock />
            </span>
          </span>
        </summary>
        {opened && (
          <>
            <pre className={classes.body}>{message.text}</pre>
            {message.html && (
              // Sandboxed without any permission: whatever a mail contains, it stays a picture of a mail.
              <iframe className={classes.html} sandbox="" srcDoc={message.html} title={t('html')} />
            )}
          </>
        )}
      </details>
    </li>
  )
}
