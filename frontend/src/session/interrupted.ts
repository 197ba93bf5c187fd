const key = 'sallyport.refreshing'
const patience = 2_000

/**
 * A reload in the middle of a refresh throws the answer's cookie away, and the old one no longer works. The request is
 * sent with `keepalive`, so it is answered all the same; the page after it waits here until the cookie has arrived.
 */
export async function afterInterruptedRefresh(): Promise<void> {
  const startedAt = Number(localStorage.getItem(key) ?? 0)
  const left = startedAt + patience - Date.now()
  if (left > 0 && left <= patience) await new Promise((resolve) => setTimeout(resolve, left))
}

export async function markRefresh<T>(refresh: () => Promise<T>): Promise<T> {
  localStorage.setItem(key, String(Date.now()))
  try {
    return await refresh()
  } finally {
    localStorage.removeItem(key)
  }
}
