import { useSyncExternalStore } from 'react'

/**
 * The address before the portal's router is loaded: the sign-in page needs no more of a router than this, and comes
 * without one.
 */
const moved = new EventTarget()

export function useLocation(): URL {
  const href = useSyncExternalStore(subscribe, () => globalThis.location.href)
  return new URL(href)
}

function subscribe(listener: () => void): () => void {
  globalThis.addEventListener('popstate', listener)
  moved.addEventListener('moved', listener)
  return () => {
    globalThis.removeEventListener('popstate', listener)
    moved.removeEventListener('moved', listener)
  }
}

export function replaceLocation(to: string): void {
  globalThis.history.replaceState(null, '', to)
  moved.dispatchEvent(new Event('moved'))
}

const next = 'next'

/** The sign-in page, remembering where the person wanted to go. */
export function signInFor(location: URL, signInPath: string): string {
  const wanted = location.pathname + location.search
  return wanted === '/' ? signInPath : `${signInPath}?${new URLSearchParams({ [next]: wanted })}`
}

/** Where the person wanted to go. An address of another origin, however spelled, counts as none. */
export function wantedPage(location: URL): string {
  const wanted = location.searchParams.get(next)
  if (!wanted?.startsWith('/')) return '/'
  const target = new URL(wanted, location.origin)
  if (target.origin !== location.origin || target.pathname === location.pathname) return '/'
  return target.pathname + target.search
}
