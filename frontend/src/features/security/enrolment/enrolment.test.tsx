import { MantineProvider } from '@mantine/core'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionStore } from '@/session/store'
import { answer, enrolmentRequired, fakeServer, problem, signedIn } from '@/testing/fake-server'
import { type Browser, openTab, tabMemory } from '@/testing/tab'
import { Enrolment } from './enrolment'

const here = vi.hoisted(() => ({ session: undefined as unknown }))
vi.mock('@/session/session', () => ({
  get session() {
    return here.session
  },
}))
const translation = vi.hoisted(() => ({
  t: (key: string) => key,
  i18n: { language: 'en', exists: () => false },
}))
vi.mock('react-i18next', () => ({ useTranslation: () => translation }))

const factor = { id: 'f1', type: 'totp', name: 'Authenticator app', status: 'pending', hint: '' }
const totp = { secret: 'JBSWY3DP', otpauth_uri: 'otpauth://totp/x', qr_svg: '<svg/>' }
const code = 'AAAA-BBBB-CCCC-DDDD'
const onDone = vi.fn()
let browser: Browser
let server: ReturnType<typeof fakeServer>
let verified: string | undefined
let open: boolean

beforeEach(() => {
  localStorage.clear()
  browser = new Set()
  verified = undefined
  open = false
  onDone.mockReset()
  const gone = () => problem(404, 'not_found')
  server = fakeServer({
    'POST /auth/sign-in': () => answer(enrolmentRequired('p1')),
    'POST /auth/resume': () => answer(enrolmentRequired('p2')),
    'POST /me/factors': () => {
      open = true
      return answer({ factor, enrolment_token: 'e1', totp }, 201)
    },
    'GET /me/factors/f1/enrolment': () => (open ? answer({ factor, totp }) : gone()),
    'POST /me/factors/f1/verify': ({ key }) => {
      verified ??= key
      return key === verified
        ? answer({ factor, recovery_codes: [code] })
        : problem(409, 'factor_not_pending')
    },
    'POST /me/factors/f1/activate': () => answer({ factor, session: signedIn('a1').session }),
    'DELETE /me/factors/f1/enrolment': () => {
      open = false
      return new Response(null, { status: 204 })
    },
  })
})

/** A page of this tab with the enrolment in it, in place of the one before. */
async function show(memory: Storage, come: (session: SessionStore) => Promise<void>) {
  const { session } = openTab(server, { memory, browser })
  here.session = session
  await come(session)
  const { unmount } = render(
    <MantineProvider>
      <Enrolment methods={['totp', 'email']} onDone={onDone} />
    </MantineProvider>,
  )
  return unmount
}
const signIn = (session: SessionStore) => session.signIn('member@acme.test', 'secret')
const reload = (session: SessionStore) => session.restore()
const asked = (path: string) => server.seen.filter((call) => `${call.method} ${call.path}` === path)

async function begin(memory: Storage) {
  const leave = await show(memory, signIn)
  await userEvent.click(screen.getAllByText('configure')[0] ?? expect.fail())
  await screen.findByText('JBSW Y3DP')
  return leave
}

describe('the enrolment', () => {
  it('stands after a reload where it stood, and ends with Okay', async () => {
    const memory = tabMemory()
    const leave = await begin(memory)
    leave()
    const leaveAgain = await show(memory, reload)
    await screen.findByText('JBSW Y3DP')
    expect(asked('POST /me/factors')).toHaveLength(1)
    await userEvent.type(screen.getByRole('textbox', { name: 'code' }), '123456')
    await screen.findByText(code)
    leaveAgain()

    await show(memory, reload)
    await screen.findByText(code)
    expect(asked('POST /me/factors/f1/verify').map(({ key }) => key)).toEqual([verified, verified])
    await userEvent.click(screen.getByText('finish.okay'))
    await waitFor(() => expect(onDone).toHaveBeenCalledWith({ backup: false }))
    expect(memory.length).toBe(0)
  })

  it('is given up by going back to the choice', async () => {
    const memory = tabMemory()
    await begin(memory)
    await userEvent.click(screen.getByText('back'))
    await screen.findAllByText('configure')
    await waitFor(() => expect(asked('DELETE /me/factors/f1/enrolment')).toHaveLength(1))
    expect(memory.length).toBe(0)
  })

  it('begins anew where it is not there any more', async () => {
    const memory = tabMemory()
    const leave = await begin(memory)
    leave()
    open = false
    await show(memory, reload)
    await screen.findAllByText('configure')
    expect(memory.length).toBe(0)
  })

  it('goes on in a second tab where the first one is', async () => {
    await begin(tabMemory())
    const first = here.session
    const page = await show(tabMemory(), reload)
    await waitFor(() => expect(screen.getAllByText('JBSW Y3DP')).toHaveLength(2))
    expect(here.session).not.toBe(first)
    expect(asked('POST /me/factors')).toHaveLength(1)
    page()
  })
})
