import { MantineProvider } from '@mantine/core'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { FactorType } from '@/api/schema'
import { answer, fakeServer, signedIn } from '@/testing/fake-server'
import { openTab } from '@/testing/tab'
import ConfirmDialog from './confirm-dialog'
import type { Need } from './kept'

const here = vi.hoisted(() => ({ session: undefined as unknown }))
vi.mock('../session', () => ({
  get session() {
    return here.session
  },
}))
const translation = vi.hoisted(() => ({
  t: (key: string, values?: { name?: string }) => (values?.name ? `${key} ${values.name}` : key),
  i18n: { language: 'en', exists: () => false },
}))
vi.mock('react-i18next', () => ({ useTranslation: () => translation }))

const own = (id: string, type: FactorType, preferred = false) => ({
  id,
  type,
  name: id,
  status: 'active',
  hint: '',
  default: preferred,
})
const factors = [own('Mailbox', 'email', true), own('App', 'totp'), own('Spare app', 'totp')]
const onConfirmed = vi.fn()

async function show(needs: Need[], accepts?: FactorType[]) {
  const server = fakeServer({
    'POST /auth/sign-in': () => answer(signedIn('a1')),
    'GET /me/factors': () => answer({ items: factors, next_cursor: null }),
    'POST /auth/confirmation': () => answer({ confirmation_token: 'c1', expires_in: 300 }),
  })
  const { session } = openTab(server)
  here.session = session
  await session.signIn('owner@acme.test', 'secret')
  render(
    <MantineProvider>
      <ConfirmDialog question={{ needs, accepts }} onConfirmed={onConfirmed} onCancel={() => {}} />
    </MantineProvider>,
  )
  return { session, seen: server.seen }
}

beforeEach(() => {
  localStorage.clear()
  onConfirmed.mockReset()
})

describe('the confirmation dialog', () => {
  it('offers only what is strong enough, and a recovery code', async () => {
    await show(['password', 'second_factor'], ['totp', 'passkey'])
    await screen.findByText('confirm.useCode Spare app')
    expect(screen.queryByText('confirm.useCode Mailbox')).toBeNull()
    expect(screen.queryByText(/^send\.email/)).toBeNull()
    expect(screen.getByText('confirm.useRecovery')).toBeVisible()
  })

  it('offers everything where nothing is said of strength, and the default first', async () => {
    await show(['password', 'second_factor'])
    await screen.findByText('confirm.useCode App')
    expect(screen.queryByText('confirm.useCode Mailbox')).toBeNull()
  })

  it('leaves the password out where it is not asked for', async () => {
    const { session, seen } = await show(['second_factor'], ['totp'])
    await userEvent.type(await screen.findByRole('textbox', { name: 'code' }), '123456')
    expect(screen.queryByLabelText('confirm.passwordLabel')).toBeNull()
    await userEvent.click(screen.getByText('confirm.submit'))
    await waitFor(() => expect(onConfirmed).toHaveBeenCalled())
    expect(seen.at(-1)).toMatchObject({
      path: '/auth/confirmation',
      body: { second_factor: { type: 'totp', factor_id: 'App', code: '123456' } },
    })
    expect(seen.at(-1)?.body).not.toHaveProperty('password')
    expect(session.confirmation.token()).toBe('c1')
  })
})
