import { useEffect, useState } from 'react'

/**
 * The token of a link in a mail. It comes behind the #, which no server sees, and leaves the address bar at once, so that
 * neither the history nor a shoulder keeps it.
 */
export function useMailToken(): string {
  const [token] = useState(() => globalThis.location.hash.slice(1))
  useEffect(() => {
    if (globalThis.location.hash) globalThis.history.replaceState(null, '', globalThis.location.pathname)
  }, [])
  return token
}
