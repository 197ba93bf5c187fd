import { createHmac } from 'node:crypto'

const period = 30_000
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * An authenticator app (RFC 6238) that knows that a code works once: it never gives the code of a time step again. The
 * server takes one step forward, so the next code is usually there at once; the one after it has to be waited for.
 */
export class Authenticator {
  private readonly key: Buffer
  private lastStep = 0

  constructor(secret: string) {
    this.key = decodeBase32(secret)
  }

  async code(): Promise<string> {
    const step = Math.max(this.lastStep + 1, Math.floor(Date.now() / period))
    const takenFrom = (step - 1) * period
    if (takenFrom > Date.now())
      await new Promise((resolve) => setTimeout(resolve, takenFrom - Date.now() + 250))
    this.lastStep = step
    return this.at(step)
  }

  /** A code that is certainly wrong: that of a step long past. */
  wrong(): string {
    return this.at(Math.floor(Date.now() / period) - 20)
  }

  private at(step: number): string {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    const mac = createHmac('sha1', this.key).update(counter).digest()
    const offset = mac.readUInt8(mac.length - 1) & 0x0f
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
  }
}

function decodeBase32(text: string): Buffer {
  const bits = [...text.replace(/[\s=]/g, '').toUpperCase()]
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
