import { body, type Transport } from '@/api/client'
import { readProblem } from '@/api/problem'
import type { Standing } from '@/api/schema'
import { type SessionState, tokenOf } from './state'
import type { SessionStore } from './store'
import { readEvents, type ServerEvent } from './stream'

/** What a page may want to know of; what concerns the session itself is dealt with here. */
export type LiveEvent =
  | { type: 'standing_changed' }
  | { type: 'account_changed' }
  | { type: 'cart_changed'; accountId: string }

export interface Live {
  listen(listener: (event: LiveEvent) => void): () => void
}

const silence = 40_000
const hiddenFor = 60_000
const longestPause = 30_000

/** Keeps one stream open while there is a token that something may happen to. */
export function followEvents(session: SessionStore, transport: Transport): Live {
  const listeners = new Set<(event: LiveEvent) => void>()
  let following: string | undefined
  let stop: AbortController | undefined
  let wake = () => {}
  let missed = false

  /** A stream speaks for the token that opened it, and is opened anew with the next. */
  function follow() {
    const state = session.state()
    const token = wantsEvents(state) && !asleep ? tokenOf(state) : undefined
    if (token === following) return
    stop?.abort()
    following = token
    if (!token) return
    stop = new AbortController()
    void run(token, stop.signal)
  }

  async function run(token: string, signal: AbortSignal) {
    let pause = 500
    while (!signal.aborted) {
      const opened = await stream(token, signal)
      if (signal.aborted) return
      pause = opened ? 500 : Math.min(pause * 2, longestPause)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause * (0.75 + Math.random() / 2))
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }

  /** One connection, until it ends. Answers whether it came to stand. */
  async function stream(token: string, signal: AbortSignal): Promise<boolean> {
    const connection = new AbortController()
    const end = () => connection.abort()
    signal.addEventListener('abort', end, { once: true })
    let watchdog = setTimeout(end, silence)
    let ready = false
    try {
      const headers = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' }
      const url = new URL('/api/v1/events', globalThis.location.origin)
      const response = await transport(
        new Request(url, { headers, signal: connection.signal, cache: 'no-store' }),
      )
      if (response.status === 401) await session.refresh(token)
      if (!response.ok || !response.body) throw await readProblem(response)
      await readEvents(
        response.body,
        (event) => {
          if (event.event === 'ready') ready = true
          handle(event, token)
        },
        () => {
          clearTimeout(watchdog)
          watchdog = setTimeout(end, silence)
        },
      )
    } catch {
      // A broken line is the ordinary end of one: the next attempt says what it was.
    } finally {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', end)
    }
    return ready
  }

  function handle({ event, data }: ServerEvent, token: string) {
    switch (event) {
      case 'ready':
        void check()
        break
      case 'standing_changed':
        session.learn(JSON.parse(data) as Standing)
        tell({ type: 'standing_changed' })
        break
      case 'account_changed':
        tell({ type: 'account_changed' })
        break
      case 'session_ended':
        void sessionEnded(token)
        break
      case 'cart_changed':
        tell({ type: 'cart_changed', accountId: (JSON.parse(data) as { account_id: string }).account_id })
        break
    }
  }

  /** Whatever happened while nobody listened. */
  async function check() {
    if (missed) tell({ type: 'standing_changed' })
    missed = true
    const me = await body(session.api.GET('/me')).catch(() => undefined)
    if (me) session.learn(me.standing)
  }

  /** Enabling a second factor ends the session's own former self: only an ending of the present one counts. */
  async function sessionEnded(token: string) {
    await session.settled()
    if (tokenOf(session.state()) !== token) return
    await (session.state().stage === 'full' ? session.fall() : session.refresh(token))
  }

  function tell(event: LiveEvent) {
    for (const listener of listeners) listener(event)
  }

  let asleep = false
  let hiding: ReturnType<typeof setTimeout> | undefined
  // A browser opens six connections to a server: tabs that nobody looks at give theirs back.
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding)
    if (document.visibilityState === 'hidden') {
      hiding = setTimeout(() => {
        asleep = true
        follow()
      }, hiddenFor)
    } else {
      asleep = false
      follow()
      wake()
    }
  })
  session.subscribe(follow)
  follow()

  return {
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function wantsEvents(state: SessionState): boolean {
  return (
    state.stage === 'full' || state.stage === 'enrolment' || (state.stage === 'second_factor' && state.live)
  )
}
