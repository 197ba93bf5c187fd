import { keepInTab } from '@/session/enrolment/open-enrolment'
import { keepHint } from '@/session/hint'
import { createQueue } from '@/session/lock'
import { createSession } from '@/session/store'
import type { TabMessage } from '@/session/tabs'
import type { fakeServer } from './fake-server'

type Listener = (message: TabMessage) => void

/** The tabs of one browser: each hears what the others say. */
export type Browser = Set<Listener>

/** The memory of one tab, which outlives a reload of its page. */
export function tabMemory(): Storage {
  const kept = new Map<string, string>()
  return {
    get length() {
      return kept.size
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
    clear: () => kept.clear(),
  }
}

interface Around {
  memory?: Storage
  browser?: Browser
  now?: () => number
}

/** A page of the portal before such a server. Opened again with the same memory, it was reloaded. */
export function openTab(server: ReturnType<typeof fakeServer>, around: Around = {}) {
  const { memory = tabMemory(), browser = new Set<Listener>(), now = () => 1000 } = around
  const posted: TabMessage[] = []
  const listeners = new Set<Listener>()
  const hear: Listener = (message) => {
    for (const listener of listeners) listener(message)
  }
  browser.add(hear)
  const hint = keepHint(now)
  const session = createSession({
    transport: server.transport,
    lock: createQueue(),
    tabs: {
      post(message) {
        posted.push(message)
        for (const other of browser) if (other !== hear) queueMicrotask(() => other(structuredClone(message)))
      },
      listen(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    now,
    hint,
    keeper: keepInTab(memory),
  })
  session.subscribe(() => hint.remember(session.state()))
  return { session, posted, seen: server.seen, receive: hear }
}
