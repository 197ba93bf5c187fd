import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Challenge } from '@/api/schema'
import { SentTo } from './sent-to'
import type { Way } from './use-sending'

vi.mock('react-i18next', () => ({ useTranslation: () => ({ t: (key: string) => key }) }))
const read = vi.hoisted(() => vi.fn())
vi.mock('../session', () => ({ session: { api: { GET: read } } }))

const onSend = vi.fn()
beforeEach(() => {
  onSend.mockReset()
  read.mockReset().mockReturnValue(new Promise(() => {}))
})

function show(challenge: Partial<Challenge>, way: Way = {}, backup?: string) {
  const inTenMinutes = new Date(Date.now() + 600_000).toISOString()
  const whole = { challenge_id: 'c1', type: 'sms', sent_to: '••34', expires_at: inTenMinutes, ...challenge }
  const sent = { challenge: whole as Challenge, way }
  render(<SentTo sent={sent} busy={false} backup={backup} onSend={onSend} />)
  return screen.getAllByRole('button').map((button) => button.textContent)
}

describe('SentTo', () => {
  it('offers a call only where the API offers one', () => {
    expect(show({ voice_offered: false })).toEqual(['again'])
  })

  it('offers a call to the number that the text went to', async () => {
    expect(show({ voice_offered: true }, { to_backup: true }, '••99')).toEqual([
      'again',
      'byVoice',
      'toMobile',
    ])
    await userEvent.click(screen.getByText('byVoice'))
    expect(onSend).toHaveBeenCalledWith({ to_backup: true, by_voice: true })
  })

  it('offers a text after a call, and the backup number after the mobile one', async () => {
    expect(show({ voice_offered: true }, { by_voice: true }, '••99')).toEqual([
      'callAgain',
      'byText',
      'toBackup',
    ])
    await userEvent.click(screen.getByText('toBackup'))
    expect(onSend).toHaveBeenCalledWith({ to_backup: true })
  })

  it('sends an e-mail again, and nothing else', () => {
    expect(show({ type: 'email' })).toEqual(['again'])
  })

  it('waits before it sends again', () => {
    show({ resend_at: new Date(Date.now() + 20_000).toISOString() })
    expect(screen.getByRole('button')).toBeDisabled()
  })

  it('waits no longer for a message that has failed', async () => {
    read.mockResolvedValue({ data: { delivery: 'failed' } })
    show({ resend_at: new Date(Date.now() + 20_000).toISOString() })
    expect(screen.getByRole('button')).toBeDisabled()
    await waitFor(() => expect(screen.getByRole('button', { name: 'again' })).toBeEnabled(), {
      timeout: 3000,
    })
  })
})
