import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon'
import classes from './notice.module.css'
import type { Tone } from './status-badge'

interface NoticeProps {
  tone: Exclude<Tone, 'plain'>
  title?: string
  icon?: IconName
  children?: ReactNode
  /** Beside the text on wide screens, below it on narrow ones. */
  action?: ReactNode
}

/** A box that says something. Failures are announced at once, everything else when the reader gets to it. */
export function Notice({ tone, title, icon, children, action }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <span className={classes.icon}>
        <Icon name={icon ?? (tone === 'good' ? 'check' : tone === 'note' ? 'shield' : 'alert')} />
      </span>
      <div className={classes.content}>
        <div className={classes.text}>
          {title && <strong className={classes.title}>{title}</strong>}
          {children && <div>{children}</div>}
        </div>
        {action}
      </div>
    </div>
  )
}
