/** Runs one task at a time. */
export type Lock = <T>(task: () => Promise<T>) => Promise<T>

/**
 * A refresh token works once, in whichever tab: whatever changes the tokens queues here, in all tabs of this browser.
 * Pages that are not in a secure context have no Web Locks and queue in their own tab only.
 */
export function createLock(name: string): Lock {
  const locks: LockManager | undefined = navigator.locks
  if (!locks) return createQueue()
  return async (task) => await locks.request(name, task)
}

export function createQueue(): Lock {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const mine = last.then(task, task)
    last = mine.catch(() => undefined)
    return mine
  }
}
