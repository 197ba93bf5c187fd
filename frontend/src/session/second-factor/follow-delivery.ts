import type { Challenge } from '@/api/schema'

export type Progress = Pick<Challenge, 'delivery' | 'delivery_reason'>

/** How long an operator may take before another way is the better one. */
export const patience = 30_000
const first = 1_000
const soon = 3_000
const later = 10_000

interface Following {
  /** Milliseconds since the epoch: nothing more is asked then. */
  until: number
  read: () => Promise<Progress>
  onNews: (progress: Progress) => void
  signal: AbortSignal
}

/**
 * Asks how far a text message or a call has come, until that is known for good: often while a person waits eagerly, rarely
 * after that, and never while nobody looks at the page.
 */
export async function followDelivery({ until, read, onNews, signal }: Following): Promise<void> {
  const eager = Date.now() + patience
  for (let wait = first; ; wait = Date.now() < eager ? soon : later) {
    await pause(wait, signal)
    await lookedAt(signal)
    if (signal.aborted || Date.now() >= until) return
    const progress = await read().catch(() => undefined)
    if (signal.aborted) return
    if (!progress) continue
    onNews(progress)
    if (progress.delivery !== 'queued' && progress.delivery !== 'sent') return
  }
}

function pause(wait: number, signal: AbortSignal): Promise<void> {
  return unlessAborted(signal, (done) => {
    const timer = setTimeout(done, wait)
    return () => clearTimeout(timer)
  })
}

async function lookedAt(signal: AbortSignal): Promise<void> {
  if (document.visibilityState !== 'hidden') return
  await unlessAborted(signal, (done) => {
    document.addEventListener('visibilitychange', done)
    return () => document.removeEventListener('visibilitychange', done)
  })
}

/** Waits for what `begin` begins, or for the end of it all, and leaves no listener behind. */
function unlessAborted(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      end()
      resolve()
    }
    const end = begin(done)
    signal.addEventListener('abort', done)
  })
}
