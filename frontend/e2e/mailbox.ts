import { expect } from '@playwright/test'

interface Message {
  id: string
  subject?: string
  text: string
}

/** What the demo has sent to an address or number, read past the browser. */
export class Mailbox {
  private readonly url: string
  private readonly to: string
  private readonly seen = new Set<string>()

  constructor(portalUrl: string, to: string) {
    this.url = portalUrl
    this.to = to
  }

  /** The six digits of a message that was not there at the last look. */
  async code(): Promise<string> {
    let code = ''
    await expect
      .poll(async () => {
        const fresh = (await this.messages()).filter(({ id }) => !this.seen.has(id))
        for (const { id, text } of fresh) {
          this.seen.add(id)
          code ||= text.match(/\b(\d{6})\b/)?.[1] ?? ''
        }
        return code
      })
      .toMatch(/^\d{6}$/)
    return code
  }

  /** The newest link to a page of the portal, such as `/verify-email`, with the token behind its #. */
  async link(page: string): Promise<string> {
    let link = ''
    await expect
      .poll(async () => {
        for (const { text } of await this.messages()) {
          link ||= text.match(new RegExp(`${page}#\\S+`))?.[0] ?? ''
        }
        return link
      })
      .not.toBe('')
    return link
  }

  /** Waits for a message with such a subject. */
  async about(subject: RegExp): Promise<void> {
    const told = async () => (await this.messages()).some((message) => subject.test(message.subject ?? ''))
    await expect.poll(told).toBe(true)
  }

  private async messages(): Promise<Message[]> {
    const answer = await fetch(`${this.url}/api/v1/demo/messages?to=${encodeURIComponent(this.to)}`)
    const { items } = (await answer.json()) as { items: Message[] }
    return items
  }
}
