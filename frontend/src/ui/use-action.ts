import { useCallback, useRef, useState } from 'react'
import { Cancelled } from '@/api/cancelled'

interface Action<A extends unknown[]> {
  run: (...args: A) => Promise<void>
  busy: boolean
  failure: unknown
  clear: () => void
}

/** A write that a person starts: one at a time, with its failure kept for the form to show. */
export function useAction<A extends unknown[]>(action: (...args: A) => Promise<unknown>): Action<A> {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  const running = useRef(false)
  const latest = useRef(action)
  latest.current = action

  const run = useCallback(async (...args: A) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    setFailure(undefined)
    try {
      await latest.current(...args)
    } catch (error) {
      if (!(error instanceof Cancelled)) setFailure(error)
    } finally {
      running.current = false
      setBusy(false)
    }
  }, [])
  const clear = useCallback(() => setFailure(undefined), [])

  return { run, busy, failure, clear }
}
