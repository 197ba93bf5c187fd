import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { Icon } from '@/ui/icon'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { formatDay } from '@/ui/time'
import { useAction } from '@/ui/use-action'
import { type AuditFile, fetchReport, save } from './audit-file'
import { dayOf } from './days'
import { Report } from './report'
import { type Line, readReport } from './report-lines'

interface Made {
  day: string
  file: AuditFile
  lines: Line[]
}

/** The report of today or of any day of the account's life: to look at, and as the file that auditors get. */
export function ReportPanel({ account }: { account: Account }) {
  const { t, i18n } = useTranslation('audit')
  const cache = useQueryClient()
  const first = dayOf(account.created_at)
  const today = dayOf(Date.now())
  const [day, setDay] = useState(today)
  const [shown, setShown] = useState<Made>()
  const within = day >= first && day <= today

  async function make(): Promise<AuditFile> {
    const file = await fetchReport(account.id, day === today ? undefined : day)
    void cache.invalidateQueries({ queryKey: ['get', '/accounts/{account_id}/audit-events'] })
    return file
  }
  const show = useAction(async () => {
    const file = await make()
    setShown({ day, file, lines: readReport(await file.content.text()) })
  })
  // What is shown is what is saved: making it is itself an event, and once is enough.
  const download = useAction(async () => save(shown?.day === day ? shown.file : await make()))
  const failure = show.failure ?? download.failure

  return (
    <Panel title={t('report.title')} description={t('report.description')}>
      <Stack gap="md">
        <Group gap="sm" align="flex-end">
          <TextInput
            type="date"
            label={t('report.day')}
            description={t('report.dayText')}
            min={first}
            max={today}
            required
            withAsterisk={false}
            value={day}
            error={within ? undefined : t('report.dayWrong', { from: formatDay(first, i18n.language) })}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
          <Button variant="default" loading={show.busy} disabled={!within} onClick={() => void show.run()}>
            {t('report.show')}
          </Button>
          <Button
            leftSection={<Icon name="download" size={18} />}
            loading={download.busy}
            disabled={!within}
            onClick={() => void download.run()}
          >
            {t('report.download')}
          </Button>
        </Group>
        {failure !== undefined && <ProblemNotice error={failure} />}
        {shown && <Report lines={shown.lines} past={shown.day !== today} />}
      </Stack>
    </Panel>
  )
}
