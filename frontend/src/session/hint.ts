import type { SessionState } from './state'

const key = 'sallyport.session'

/** Whether this browser was signed in when it was last looked at. A guess, and no secret: it only decides what to load first. */
export function wasSignedIn(): boolean {
  return localStorage.getItem(key) !== null
}

export function rememberStage({ stage }: SessionState): void {
  if (stage === 'full') localStorage.setItem(key, '1')
  if (stage === 'signed_out') localStorage.removeItem(key)
}
