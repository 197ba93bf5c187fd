import { Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { StatusBadge, type Tone } from '@/ui/status-badge'
import { formatDay, formatTime } from '@/ui/time'
import classes from './report.module.css'
import { type Line, summary } from './report-lines'

const tones = {
  yes: 'good',
  no: 'warn',
  grace: 'note',
  not_required: 'plain',
  unknown: 'plain',
} as const satisfies Record<Line['meets_rule'], Tone>

/** So many lines are shown; the file has them all. */
const most = 20

export function Report({ lines, past }: { lines: Line[]; past: boolean }) {
  const { t, i18n } = useTranslation(['audit', 'common'])
  const first = lines[0]
  if (!first) return <Text>{t('report.empty')}</Text>
  const rest = lines.length - most
  return (
    <Stack gap="sm" aria-live="polite">
      <div>
        <Text fw={600}>
          <Summary lines={lines} />
        </Text>
        <Text size="sm" c="dimmed">
          {t('report.asOf', { date: formatTime(first.as_of, i18n.language, true) })}
          {past && `. ${t('report.past')}`}
        </Text>
      </div>
      <ul className={classes.list} aria-label={t('report.list')}>
        {lines.slice(0, most).map((line) => (
          <ReportLine key={`${line.email} ${line.member_since}`} line={line} />
        ))}
      </ul>
      {rest > 0 && (
        <Text size="sm" c="dimmed">
          {t('report.more', { count: rest })}
        </Text>
      )}
    </Stack>
  )
}

function Summary({ lines }: { lines: Line[] }) {
  const { t } = useTranslation('audit')
  const { met, grace, notMet, unknown, unasked, protectedToo } = summary(lines)
  if (unasked === lines.length) return t('report.noRule', { count: protectedToo, total: lines.length })
  return [
    t('report.met', { count: met, total: lines.length }),
    ...(grace > 0 ? [t('report.grace', { count: grace })] : []),
    ...(notMet > 0 ? [t('report.notMet', { count: notMet })] : []),
    ...(unknown > 0 ? [t('report.unknown', { count: unknown })] : []),
  ].join(' ')
}

function ReportLine({ line }: { line: Line }) {
  const { t, i18n } = useTranslation(['audit', 'common'])
  const method = (name: string) => t(`common:method.${name}` as 'common:method.totp')
  const methods = line.methods.split(' ').filter(Boolean).map(method).join(', ')
  return (
    <li>
      <div className={classes.who}>
        {line.person} <span className={classes.quiet}>{line.email}</span>
        <div className={classes.quiet}>
          {methods || t('report.none')}
          {line.since && ` · ${t('report.since')} ${formatTime(line.since, i18n.language)}`}
          {line.last_used && ` · ${t('report.lastUsed')} ${formatDay(line.last_used, i18n.language)}`}
        </div>
      </div>
      <StatusBadge tone={tones[line.meets_rule]}>{t(`report.meets.${line.meets_rule}`)}</StatusBadge>
    </li>
  )
}
