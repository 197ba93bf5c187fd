import { describe, expect, it } from 'vitest'
import { eventParser, type ServerEvent } from './stream'

function parse(...chunks: string[]): ServerEvent[] {
  const events: ServerEvent[] = []
  const feed = eventParser((event) => events.push(event))
  for (const chunk of chunks) feed(chunk)
  return events
}

describe('the event parser', () => {
  it('reads events in whatever pieces they come', () => {
    const text =
      ': hello\n\nevent: ready\ndata: {}\n\nevent: standing_changed\ndata: {"state":\ndata: "clear"}\n\n'
    const expected = [
      { event: 'ready', data: '{}' },
      { event: 'standing_changed', data: '{"state":\n"clear"}' },
    ]
    expect(parse(text)).toEqual(expected)
    expect(parse(...text)).toEqual(expected)
  })

  it('knows all three line ends', () => {
    const expected = [{ event: 'a', data: 'x' }]
    expect(parse('event:a\r\ndata:x\r\n\r\n')).toEqual(expected)
    expect(parse(...'event:a\r\ndata:x\r\n\r\n')).toEqual(expected)
  })

  it('waits for the end of an event', () => {
    expect(parse('event: ready\ndata: {}\n')).toEqual([])
  })
})
