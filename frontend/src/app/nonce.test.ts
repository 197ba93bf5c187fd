import { afterEach, describe, expect, it } from 'vitest'
import { readNonce } from './nonce'

function pageWith(nonce: string) {
  document.head.innerHTML = `<meta name="csp-nonce" content="${nonce}" />`
}

afterEach(() => {
  document.head.innerHTML = ''
})

describe('the nonce', () => {
  it('is what the server has written into the page, with whatever letters it begins', () => {
    pageWith('__VZNdMpt_vX4TYT_7GD8g')
    expect(readNonce()).toBe('__VZNdMpt_vX4TYT_7GD8g')
  })

  it('is none where no server has written one', () => {
    pageWith('__CSP_NONCE__')
    expect(readNonce()).toBeUndefined()
  })
})
