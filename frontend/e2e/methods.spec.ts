import { type Browser, type CDPSession, expect, type Page, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { Mailbox } from './mailbox'
import { Person, password } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterEach(async ({ browser }) => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
test.afterAll(async () => {
  await portal.stop()
})

async function arrive(browser: Browser, email: string): Promise<Person> {
  const context = await browser.newContext()
  return new Person(await context.newPage(), email, portal.url)
}

async function fromTheUserMenu(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: /user menu/ }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

/** From the start page to the setup step of one method. */
async function configure(person: Person, method: string): Promise<void> {
  await person.signIn()
  await fromTheUserMenu(person.page, 'Enable 2FA')
  await person.page.getByRole('button', { name: `Configure ${method}` }).click()
}

async function okay({ page }: Person, told = 'Two-factor authentication is enabled.'): Promise<void> {
  await page.getByRole('button', { name: 'Okay' }).click()
  await expect(page.getByText(told)).toBeVisible()
}

async function toTheSecondDoor(person: Person): Promise<void> {
  await person.signOut()
  await person.givePassword()
  await expect(
    person.page.getByRole('heading', { name: 'Two-factor authentication', level: 1 }),
  ).toBeVisible()
}

const code = (page: Page) => page.getByRole('textbox', { name: 'Code' })
const recoveryCodes = (page: Page) =>
  page.getByRole('list', { name: 'Sallyport recovery codes' }).getByRole('listitem')
const factors = (page: Page) => page.getByRole('list', { name: 'Your factors' }).getByRole('listitem')
const replaced = 'Your new factor is active, the old one is gone.'

test('a code by e-mail, on the path that its guide describes', async ({ browser }) => {
  const person = await arrive(browser, 'admin@acme.test')
  const mailbox = new Mailbox(portal.url, person.email)
  const { page } = person

  await test.step('it is set up', async () => {
    await person.signIn()
    await fromTheUserMenu(page, 'My Account')
    await page.getByRole('link', { name: 'Account Security' }).click()
    await page.getByRole('button', { name: 'Set up two-factor authentication' }).click()
    await expect(page.getByText('Better than a password alone; the weakest of these.')).toBeVisible()
    await page.getByRole('button', { name: 'Configure E-mail code' }).click()
    await person.confirmFor(code(page))
    await code(page).fill('000000')
    await expect(page.getByText('This code is wrong. 4 attempts left.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Verify' })).toBeVisible()
    await code(page).fill(await mailbox.code())
    await okay(person, 'We have sent you a confirmation by e-mail.')
    await expect(page.getByText('Enabled', { exact: true })).toBeVisible()
    await expect(page.getByText('Method: E-mail')).toBeVisible()
    await mailbox.about(/^Two-factor authentication is on/)
  })

  await test.step('it is asked for at the next sign-in', async () => {
    await toTheSecondDoor(person)
    await inspect(page, 'email-not-sent-yet')
    await page.getByRole('button', { name: /^Send a code to/ }).click()
    await expect(page.getByText('We have sent a code to')).toBeVisible()
    await expect(code(page)).toBeFocused()
    await inspect(page, 'email-sent')
    await code(page).fill('000000')
    await expect(page.getByText('This code is wrong.')).toBeVisible()
    await code(page).fill(await mailbox.code())
    await expect(person.menu).toBeVisible()
  })

  await test.step('it is replaced, and disabled', async () => {
    await person.open('/me')
    await page.getByRole('link', { name: 'Update 2FA' }).click()
    await page.getByRole('button', { name: 'Configure E-mail code' }).click()
    await person.confirmBySentCode(mailbox)
    await code(page).fill(await mailbox.code())
    await okay(person, replaced)
    await fromTheUserMenu(page, 'Disable 2FA')
    await person.dialog.getByRole('button', { name: 'Disable 2FA' }).click()
    await person.confirmFor(page.getByText('Two-factor authentication is disabled.'), mailbox)
    await expect(page.getByText('Not enabled')).toBeVisible()
  })
})

test('a code by text message, with a backup number', async ({ browser }) => {
  const person = await arrive(browser, 'owner@blue.test')
  const { page } = person
  const phone = new Mailbox(portal.url, '+4915155501234')
  const spare = new Mailbox(portal.url, '+4915155509999')
  await page.addInitScript(textedCodes)

  await test.step('it is set up, and the backup number proven after it', async () => {
    await configure(person, 'SMS')
    await inspect(page, 'sms-number')
    await page.getByLabel('Mobile number').fill('+4915155501234')
    await page.getByLabel(/^Backup number/).fill('+49 1515 5501234')
    await page.getByRole('button', { name: 'Send code' }).click()
    await person.confirmFor(page.getByText('This number is in use already.'))
    await page.getByLabel(/^Backup number/).fill('+4915155509999')
    await page.getByRole('button', { name: 'Send code' }).click()
    await code(page).fill('000000')
    await expect(page.getByText('This code is wrong.')).toBeVisible()
    await code(page).fill(await phone.code())
    await expect(page.getByText('You can use your backup number once')).toBeVisible()
    expect(await page.evaluate('window.texted.waiting'), 'nothing waits for a text any more').toBe(0)
    await okay(person)
    await expect(person.dialog).toHaveAccessibleName('Verify your backup number')
    await code(page).fill(await spare.code())
    await expect(page.getByText('Your backup number is verified.')).toBeVisible()
  })

  await test.step('a browser that can fills the code in', async () => {
    await toTheSecondDoor(person)
    await page.getByRole('button', { name: /^Send a code to/ }).click()
    await expect(page.getByRole('button', { name: /Send to my backup number/ })).toBeVisible()
    await page.evaluate(`window.texted.arrive('${await phone.code()}')`)
    await expect(person.menu).toBeVisible()
  })

  await test.step('it is replaced by another number, and removed', async () => {
    await person.open('/me/security')
    await page.getByRole('button', { name: 'Update 2FA' }).click()
    await page.getByRole('button', { name: 'Configure SMS' }).click()
    await page.getByLabel('Mobile number').fill('+4915155507777')
    await page.getByRole('button', { name: 'Send code' }).click()
    await person.confirmBySentCode(phone)
    const other = new Mailbox(portal.url, '+4915155507777')
    await code(page).fill(await other.code())
    await okay(person, replaced)
    await expect(factors(page)).toHaveCount(1)
    await factors(page).getByRole('button', { name: 'Remove' }).click()
    await person.dialog.getByRole('button', { name: 'Remove' }).click()
    await person.confirmFor(page.getByText('is removed.'), other)
    await expect(page.getByText('Not enabled')).toBeVisible()
  })
})

/** Stands in for WebOTP, which no desktop browser has without a telephone. Runs in the page. */
function textedCodes() {
  const others = navigator.credentials.get.bind(navigator.credentials)
  let deliver: (credential: unknown) => void = () => {}
  const texted = { waiting: 0, arrive: (code: string) => deliver({ type: 'otp', code }) }
  Object.assign(window, { OTPCredential: class {}, texted })
  navigator.credentials.get = (wanted) => {
    if (!wanted || !('otp' in wanted)) return others(wanted)
    texted.waiting++
    return new Promise((resolve, reject) => {
      deliver = resolve as typeof deliver
      wanted.signal?.addEventListener('abort', () => {
        texted.waiting--
        reject(new DOMException('', 'AbortError'))
      })
    })
  }
}

async function addAuthenticator(devtools: CDPSession): Promise<string> {
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return authenticatorId
}

test('passkeys, several of them', async ({ browser }) => {
  const person = await arrive(browser, 'owner@acme.test')
  const { page } = person
  const mistakes = listenForMistakes(page)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  let device = await addAuthenticator(devtools)
  const create = page.getByRole('button', { name: 'Create passkey' })

  await test.step('one is set up', async () => {
    await configure(person, 'Passkey')
    await person.confirmFor(create)
    await inspect(page, 'passkey-create')
    await create.click()
    await okay(person)
  })

  await test.step('it opens the second door, and a false signature does not', async () => {
    await toTheSecondDoor(person)
    await inspect(page, 'passkey-prove')
    const bogus = (isBogusSignature: boolean) =>
      devtools.send('WebAuthn.setResponseOverrideBits', { authenticatorId: device, isBogusSignature })
    await bogus(true)
    await page.getByRole('button', { name: 'Use passkey' }).click()
    await expect(page.getByText('This passkey was not accepted.')).toBeVisible()
    await bogus(false)
    await page.getByRole('button', { name: 'Use passkey' }).click()
    await expect(person.menu).toBeVisible()
  })

  await test.step('a second device gets one of its own', async () => {
    await person.open('/me/security')
    await page.getByRole('button', { name: 'Add another factor' }).click()
    await page.getByRole('button', { name: 'Configure Passkey' }).click()
    await person.confirmation.getByLabel('Password', { exact: true }).fill(password)
    await person.confirmation.getByRole('button', { name: 'Confirm' }).click()
    await create.waitFor()
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: device })
    device = await addAuthenticator(devtools)
    await create.click()
    await okay(person)
    await expect(factors(page)).toHaveCount(2)
    await factors(page).last().getByRole('button', { name: 'Rename' }).click()
    await person.dialog.getByLabel('Name').fill('Tablet')
    await person.dialog.getByRole('button', { name: 'Save' }).click()
    await factors(page).last().getByRole('button', { name: 'Make default' }).click()
    await expect(factors(page).last().getByText('Default', { exact: true })).toBeVisible()
    await inspect(page, 'passkeys')
  })

  await test.step('the new one opens the door and takes the place of the lost one', async () => {
    await toTheSecondDoor(person)
    await expect(page.getByText('Your browser will ask for “Tablet”.')).toBeVisible()
    await page.getByRole('button', { name: 'Use passkey' }).click()
    await expect(person.menu).toBeVisible()
    await person.open('/me/security')
    await factors(page).filter({ hasNotText: 'Tablet' }).getByRole('button', { name: 'Remove' }).click()
    await person.dialog.getByRole('button', { name: 'Remove' }).click()
    await person.confirmation.getByLabel('Password', { exact: true }).fill(password)
    await person.confirmation.getByRole('button', { name: 'Confirm' }).click()
    await expect(factors(page)).toHaveCount(1)
  })

  await test.step('the last one is replaced, and disabled', async () => {
    await factors(page).getByRole('button', { name: 'Update 2FA' }).click()
    await page.getByRole('button', { name: 'Configure Passkey' }).click()
    await person.confirmFor(create)
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: device })
    device = await addAuthenticator(devtools)
    await create.click()
    await okay(person, replaced)
    await fromTheUserMenu(page, 'Disable 2FA')
    await person.dialog.getByRole('button', { name: 'Disable 2FA' }).click()
    await person.confirmFor(page.getByText('Two-factor authentication is disabled.'))
  })
  expect(mistakes).toEqual([])
})

test('an authenticator app, its recovery codes, a new device, and disabling it again', async ({
  browser,
}) => {
  const person = await arrive(browser, 'member@acme.test')
  const { page } = person
  await configure(person, 'Authenticator App')
  await person.scan()
  await code(page).fill(person.authenticator?.wrong() ?? '')
  await expect(page.getByText('This code is wrong.')).toBeVisible()
  await code(page).fill(await person.code())
  const codes = await recoveryCodes(page).allInnerTexts()
  await okay(person)

  await test.step('a recovery code opens the second door, in whatever spelling', async () => {
    await toTheSecondDoor(person)
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await inspect(page, 'recovery-code')
    await page.getByLabel('Recovery code').fill((codes[0] ?? '').toLowerCase().replaceAll('-', ' '))
    await page.getByRole('button', { name: 'Verify' }).click()
    await expect(person.menu).toBeVisible()
    await person.open('/me/security')
    await expect(page.getByText('9 of 10 codes left')).toBeVisible()
  })

  await test.step('the factor is replaced in place', async () => {
    await page.getByRole('button', { name: 'Update 2FA' }).click()
    await page.getByRole('button', { name: 'Configure Authenticator App' }).click()
    await person.confirm()
    await person.scan()
    await code(page).fill(await person.code())
    await okay(person, replaced)
    await expect(factors(page)).toHaveCount(1)
  })

  let kept: string[] = []
  await test.step('new recovery codes are made, copied, saved and printed', async () => {
    await page.getByRole('button', { name: 'Make new recovery codes' }).click()
    await expect(page.getByText('those that you have kept so far stop working')).toBeVisible()
    await person.dialog.getByRole('button', { name: 'Make new codes' }).click()
    await person.confirmFor(recoveryCodes(page))
    await expect(recoveryCodes(page)).toHaveCount(10)
    kept = await recoveryCodes(page).allInnerTexts()
    expect(kept).not.toContain(codes[1])
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await person.dialog.getByRole('button', { name: 'Copy' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(kept.join('\n'))
    const saved = page.waitForEvent('download')
    await person.dialog.getByRole('button', { name: 'Download' }).click()
    expect((await saved).suggestedFilename()).toBe('sallyport-recovery-codes.txt')

    await page.evaluate('window.print = () => { window.printed = true }')
    await person.dialog.getByRole('button', { name: 'Print' }).click()
    expect(await page.evaluate('window.printed')).toBe(true)
    await page.emulateMedia({ media: 'print' })
    await expect(recoveryCodes(page).last()).toBeVisible()
    for (const other of [person.dialog.getByRole('button', { name: 'Print' }), person.menu])
      await expect(other).toBeHidden()
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await expect(recoveryCodes(page).last().locator('code')).toHaveCSS('color', 'rgb(0, 0, 0)')
    await page.screenshot({ path: test.info().outputPath('recovery-codes-printed.png') })
    const printed = (await page.pdf()).toString('latin1')
    expect(printed.match(/\/Type\s*\/Page\b/g), 'on one page').toHaveLength(1)
    await page.emulateMedia({ media: null, colorScheme: null })
    await person.dialog.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('10 of 10 codes left')).toBeVisible()
  })

  await test.step('it is disabled with the password and a recovery code', async () => {
    await fromTheUserMenu(page, 'Disable 2FA')
    await person.dialog.getByRole('button', { name: 'Disable 2FA' }).click()
    const dialog = person.confirmation
    await dialog.or(page.getByText('Two-factor authentication is disabled.')).first().waitFor()
    if (await dialog.isVisible()) {
      await dialog.getByLabel('Password', { exact: true }).fill(password)
      await dialog.getByRole('button', { name: 'Use a recovery code instead' }).click()
      await dialog.getByLabel('Recovery code').fill(kept[1] ?? '')
      await inspect(page, 'confirm-with-recovery-code')
      await dialog.getByRole('button', { name: 'Confirm' }).click()
    }
    await expect(page.getByText('Two-factor authentication is disabled.')).toBeVisible()
    await expect(page.getByText('Not enabled')).toBeVisible()
  })
})
