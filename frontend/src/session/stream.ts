export interface ServerEvent {
  event: string
  data: string
}

/** Reads server-sent events (HTML Living Standard, 9.2.6) from a fetched body; `EventSource` cannot send a token. */
export async function readEvents(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvent: (event: ServerEvent) => void,
  onSignOfLife: () => void = () => {},
): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  const parse = eventParser(onEvent)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    onSignOfLife()
    parse(value)
  }
}

export function eventParser(onEvent: (event: ServerEvent) => void): (chunk: string) => void {
  let rest = ''
  let event = ''
  let data: string[] = []

  function line(text: string) {
    if (text === '') {
      if (data.length > 0 || event) onEvent({ event: event || 'message', data: data.join('\n') })
      event = ''
      data = []
      return
    }
    const colon = text.indexOf(':')
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }

  return (chunk) => {
    rest += chunk
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const text of lines) line(text)
  }
}
