import { useSyncExternalStore } from 'react'

/** Whether the last read reached a working server. */
let reachable = true
const listeners = new Set<() => void>()

export function reportReachable(now: boolean): void {
  if (now === reachable) return
  reachable = now
  for (const listener of listeners) listener()
}

export function useReachable(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => reachable,
  )
}
