/**
 * The one place that knows who is signed in and what the server thinks of them. It owns the tokens, in memory only, and
 * the client that sends them. It refuses to know pages: it changes its state, and `app` shows what belongs to the state.
 */
import { browserTransport } from '@/api/client'
import { keepInTab } from './enrolment/open-enrolment'
import { followEvents } from './events'
import { keepHint } from './hint'
import { keepFresh } from './keep-fresh'
import { createLock } from './lock'
import { createSession } from './store'
import { openTabChannel } from './tabs'

export const hint = keepHint(Date.now)

export const session = createSession({
  transport: browserTransport,
  lock: createLock('sallyport-tokens'),
  tabs: openTabChannel(),
  now: Date.now,
  hint,
  keeper: keepInTab(),
})

export const live = followEvents(session, browserTransport)

keepFresh(session, Date.now)
session.subscribe(() => hint.remember(session.state()))
