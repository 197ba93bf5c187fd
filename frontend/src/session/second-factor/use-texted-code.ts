import { useEffect, useRef } from 'react'

interface OTPCredential extends Credential {
  code: string
}

/**
 * Takes the code out of a text message where the browser can (WebOTP): it asks the person, and gives a code to the page
 * alone whose host the message names. `message` is the challenge that was sent; none where nothing comes by text.
 */
export function useTextedCode(message: string | undefined, onCode: (code: string) => void): void {
  const latest = useRef(onCode)
  latest.current = onCode
  useEffect(() => {
    if (!message || !('OTPCredential' in window)) return
    const stop = new AbortController()
    const wanted = { otp: { transport: ['sms'] }, signal: stop.signal } as CredentialRequestOptions
    navigator.credentials.get(wanted).then(
      (credential) => {
        if (credential && !stop.signal.aborted) latest.current((credential as OTPCredential).code)
      },
      () => {
        // Declined, or given up by us: the code can be typed.
      },
    )
    return () => stop.abort()
  }, [message])
}
