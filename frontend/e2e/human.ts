import type { Locator } from '@playwright/test'

/** Milliseconds. What a person takes who knows computers and hurries little: touch typing is twice as fast. */
const pace = {
  /** To find something on the page, and to bring the pointer there. */
  move: 900,
  /** From one key to the next. */
  key: 140,
  /** To read a line or two. */
  line: 2_000,
  /** To take the telephone, to open the app and to scan a code. */
  scan: 12_000,
  /** To carry six digits over from the telephone, besides typing them. */
  digits: 3_000,
  /** To save ten recovery codes. */
  keep: 6_000,
}

/** Does what a person does, at a person's pace, and counts inputs: each press of a button, each field that is filled in. */
export class Human {
  inputs = 0
  /** Milliseconds that the pauses have taken so far, as opposed to the machine. */
  pauses = 0

  async read(what: 'line' | 'scan' | 'digits' | 'keep'): Promise<void> {
    await this.pause(pace[what])
  }

  async click(target: Locator): Promise<void> {
    this.inputs++
    await target.waitFor()
    await this.pause(pace.move)
    await target.click()
  }

  async type(target: Locator, text: string): Promise<void> {
    this.inputs++
    await target.waitFor()
    await this.pause(pace.move)
    await target.pressSequentially(text, { delay: pace.key })
    this.pauses += pace.key * text.length
  }

  private async pause(milliseconds: number): Promise<void> {
    this.pauses += milliseconds
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
  }
}
