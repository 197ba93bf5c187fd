import { setNonce } from 'get-nonce'

/** The server writes a fresh nonce into the page; without a server the placeholder stands there still. */
export function readNonce(): string | undefined {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
  return nonce === '__CSP_NONCE__' ? undefined : nonce
}

export const nonce = readNonce()

// The scroll lock of dialogs writes its style through this package.
if (nonce) setNonce(nonce)
