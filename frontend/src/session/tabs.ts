/** What the tabs of one browser tell each other. Never a token. */
export type TabMessage = 'signed_in' | 'signed_out'

export interface TabChannel {
  post(message: TabMessage): void
  listen(listener: (message: TabMessage) => void): void
}

export function openTabChannel(): TabChannel {
  const channel = new BroadcastChannel('sallyport')
  return {
    post: (message) => channel.postMessage(message),
    listen: (listener) => channel.addEventListener('message', (event) => listener(event.data as TabMessage)),
  }
}
