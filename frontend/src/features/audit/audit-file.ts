import { session } from '@/session/session'
import { saveFile } from '@/ui/save-file'

export interface AuditFile {
  content: Blob
  name: string
}

interface EventQuery {
  action?: string | undefined
  actor?: string | undefined
  user?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** The account's record as a document. Links cannot carry the token that it needs: it is fetched, then saved. */
export async function fetchEvents(
  accountId: string,
  form: 'csv' | 'ndjson',
  query: EventQuery,
): Promise<AuditFile> {
  const init = { params: { path: { account_id: accountId }, query }, parseAs: 'blob' } as const
  return read(
    form === 'csv'
      ? await session.api.GET('/accounts/{account_id}/audit-events.csv', init)
      : await session.api.GET('/accounts/{account_id}/audit-events.ndjson', init),
    `audit-events.${form}`,
  )
}

/** The report of a day, or of now. */
export async function fetchReport(accountId: string, at: string | undefined): Promise<AuditFile> {
  const init = { params: { path: { account_id: accountId }, query: { at } }, parseAs: 'blob' } as const
  return read(
    await session.api.GET('/accounts/{account_id}/two-factor/report.csv', init),
    'second-factor.csv',
  )
}

function read({ data, response }: { data?: Blob; response: Response }, otherwise: string): AuditFile {
  const named = response.headers.get('Content-Disposition')?.match(/filename="?([^";]+)"?/)?.[1]
  return { content: data ?? new Blob([]), name: named ?? otherwise }
}

export function save({ content, name }: AuditFile): void {
  saveFile(content, name)
}
