import { Button } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body, createBareApi } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { DemoMessage } from '@/api/schema'
import { BrandMark } from '@/ui/brand'
import { EmptyState } from '@/ui/empty-state'
import { Field } from '@/ui/field'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { Rows } from '@/ui/rows'
import { Message } from './message'
import classes from './messages-page.module.css'

const api = createBareApi()
const readEvery = 3_000

/** What the demo has sent. Public, since there is nothing in it but made-up people; without the demo it does not exist. */
export default function MessagesPage() {
  const { t } = useTranslation('demo')
  const [to, setTo] = useState('')
  const { messages, failure, read } = useMessages(to.trim())
  return (
    <main className={classes.page}>
      <a href="/" className={classes.home}>
        <BrandMark /> Sallyport
      </a>
      {hasCode(failure, 'not_found') ? (
        <Page title={t('absent.title')}>
          <EmptyState icon="mail" title={t('absent.text')} />
        </Page>
      ) : (
        <Page title={t('title')} lead={t('lead')}>
          <search className={classes.tools}>
            <Field
              type="search"
              label={t('filter')}
              placeholder="member@acme.test"
              maxLength={254}
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
            <Button variant="default" onClick={() => void read()}>
              {t('refresh')}
            </Button>
          </search>
          {failure !== undefined && <ProblemNotice error={failure} onRetry={() => void read()} />}
          <Panel flush>
            {messages?.length === 0 && <EmptyState icon="mail" title={t('none')} />}
            {messages && messages.length > 0 && (
              <Rows label={t('title')}>
                {messages.map((message) => (
                  <Message key={message.id} message={message} />
                ))}
              </Rows>
            )}
          </Panel>
        </Page>
      )}
    </main>
  )
}

/** Read again every few seconds: the page is kept open beside the portal. */
function useMessages(to: string) {
  const [messages, setMessages] = useState<DemoMessage[]>()
  const [failure, setFailure] = useState<unknown>()
  const read = useCallback(
    async (signal?: AbortSignal) => {
      try {
        const query = { limit: 100, ...(to && { to }) }
        const { items } = await body(api.GET('/demo/messages', { params: { query }, signal }))
        setMessages(items)
        setFailure(undefined)
      } catch (error) {
        if (!signal?.aborted) setFailure(error)
      }
    },
    [to],
  )
  useEffect(() => {
    const stop = new AbortController()
    void read(stop.signal)
    const timer = setInterval(() => void read(stop.signal), readEvery)
    return () => {
      clearInterval(timer)
      stop.abort()
    }
  }, [read])
  return { messages, failure, read }
}
