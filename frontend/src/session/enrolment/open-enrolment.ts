import type { FactorType, VerifyRequest } from '@/api/schema'

/** An enrolment that was begun and is not finished: all that a page needs to go on with it. Its secret is not in it. */
export interface OpenEnrolment {
  factorId: string
  /** With it, and with the session or sign-in that began it, the API answers the enrolment again. */
  token: string
  type: FactorType
  /** The factor whose place the new one takes. */
  replaces?: string | undefined
  /** A backup number was given, which is verified on its own. */
  backup: boolean
  /** Recovery codes came with the first answer: nothing shows those again. */
  codesShown: boolean
  /** The proof as it was sent, with its key: sent again it answers the same codes. */
  verify?: { key: string; body: VerifyRequest } | undefined
  activateKey?: string | undefined
}

/** The tab's own memory for it: it outlives a reload, and ends with the tab. */
export interface Keeper {
  read(): OpenEnrolment | undefined
  write(open: OpenEnrolment | undefined): void
}

const key = 'sallyport.enrolment'

export function keepInTab(storage: Storage = globalThis.sessionStorage): Keeper {
  return {
    read() {
      const text = storage.getItem(key)
      return text === null ? undefined : (JSON.parse(text) as OpenEnrolment)
    },
    write(open) {
      if (open) storage.setItem(key, JSON.stringify(open))
      else storage.removeItem(key)
    },
  }
}
