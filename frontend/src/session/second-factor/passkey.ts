import type { PasskeyCredential } from '@/api/schema'

/** The person closed the browser's dialog, or the device had no passkey for us; the browser does not say which. */
export class PasskeyUnanswered extends Error {}

export function passkeysWork(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseCreationOptionsFromJSON' in PublicKeyCredential
}

export function createPasskey(options: object): Promise<PasskeyCredential> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    inner<PublicKeyCredentialCreationOptionsJSON>(options),
  )
  return answered(navigator.credentials.create({ publicKey }))
}

export function provePasskey(options: object): Promise<PasskeyCredential> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    inner<PublicKeyCredentialRequestOptionsJSON>(options),
  )
  return answered(navigator.credentials.get({ publicKey }))
}

/** The contract wraps the options the way `navigator.credentials` takes them (WebAuthn Level 3, 5.1.8). */
function inner<T>(options: object): T {
  return (options as { publicKey: T }).publicKey
}

async function answered(asked: Promise<Credential | null>): Promise<PasskeyCredential> {
  const credential = await asked.catch((cause: unknown) => {
    throw new PasskeyUnanswered(undefined, { cause })
  })
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyUnanswered()
  return { ...credential.toJSON() } as unknown as PasskeyCredential
}
