import { describe, expect, it } from 'vitest'
import { parts, strength } from './password-strength'

// The samples of the server's own test (user.TestCheckPassword).
const accepted = [
  'correct horse battery staple',
  'correcthorsebatterystaple',
  'blue harbour seven',
  'a-new-password-1',
  'kx8#hqpw!zt2',
  'ein langer Satz über nichts',
  'пароль из многих слов',
  '密码密码安全第一条规则很长',
  'another-password-1',
  'my-new-secret-1',
  'kx8#hqpw',
]
const refused = [
  'password1234',
  'PASSWORD1234',
  '123456789012',
  'qwertyuiop12',
  'aaaaaaaaaaaa',
  'iloveyou1234',
  'Password123!',
  'passwordpassword',
  'letmeinletmein',
  'qwertyqwerty',
  'abcdefghijkl',
  'summer2024!!!',
  'dragon123456',
  'trustno1trustno1',
  'P@ssw0rd1234',
  'changeme1234',
  'welcome12345',
  'monkeymonkey',
  'baseball1234',
  'superman1234',
  'zyxwvutsrqpo',
  'ｐａｓｓｗｏｒｄ１２３４',
  'footba11 2024',
  '111111222222',
  'xkxkxkxkxkxkxk',
]

describe('the strength of a password', () => {
  it.each(accepted)('does not talk down what the server takes: %s', (password) => {
    expect(strength(password)).not.toBe('easy')
  })

  it.each(refused)('praises nothing that the server refuses: %s', (password) => {
    expect(strength(password)).toBe('easy')
  })

  it('is nothing for nothing, and grows with what one adds', () => {
    expect(parts('')).toBe(0)
    expect(parts('kx8#hqpw!zt2')).toBeGreaterThan(parts('kx8#hqpw'))
    expect(parts('x'.repeat(1000))).toBe(1)
  })
})
