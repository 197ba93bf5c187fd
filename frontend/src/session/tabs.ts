import type { OpenEnrolment } from './enrolment/open-enrolment'

/**
 * What the tabs of one browser tell each other. Never a token that opens anything: the one of an enrolment, which a second
 * tab asks the first for, is worth nothing beside the cookie's own sign-in.
 */
export type TabMessage =
  | 'signed_in'
  | 'signed_out'
  | { type: 'enrolment_wanted' }
  | { type: 'enrolment'; open: OpenEnrolment }
  | { type: 'enrolment_ended'; factorId: string }

export interface TabChannel {
  post(message: TabMessage): void
  /** Answers how to stop listening. */
  listen(listener: (message: TabMessage) => void): () => void
}

export function openTabChannel(): TabChannel {
  const channel = new BroadcastChannel('sallyport')
  return {
    post: (message) => channel.postMessage(message),
    listen(listener) {
      const hear = (event: MessageEvent) => listener(event.data as TabMessage)
      channel.addEventListener('message', hear)
      return () => channel.removeEventListener('message', hear)
    },
  }
}
