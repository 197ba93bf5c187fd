import { type Browser, expect, test } from '@playwright/test'
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

/** From the start page to the setup step of one method. */
async function configure(person: Person, method: string): Promise<void> {
  const { page } = person
  await person.signIn()
  await page.getByRole('button', { name: /user menu/ }).click()
  await page.getByRole('menuitem', { name: 'Enable 2FA' }).click()
  await page.getByRole('button', { name: `Configure ${method}` }).click()
}

async function okay(person: Person): Promise<void> {
  const { page } = person
  await page.getByRole('button', { name: 'Okay' }).click()
  await expect(page.getByText('Two-factor authentication is enabled.')).toBeVisible()
}

test('a code by e-mail', async ({ browser }) => {
  const person = await arrive(browser, 'admin@acme.test')
  const mailbox = new Mailbox(portal.url, person.email)
  const { page } = person
  await configure(person, 'E-mail code')
  await person.confirm()
  await page.getByRole('textbox', { name: 'Code' }).fill(await mailbox.code())
  await okay(person)

  await person.signOut()
  await person.givePassword()
  await expect(page.getByRole('heading', { name: 'Two-factor authentication', level: 1 })).toBeVisible()
  await inspect(page, 'email-not-sent-yet')
  await page.getByRole('button', { name: /^Send a code to/ }).click()
  await expect(page.getByText('We have sent a code to')).toBeVisible()
  await inspect(page, 'email-sent')
  await page.getByRole('textbox', { name: 'Code' }).fill(await mailbox.code())
  await expect(person.menu).toBeVisible()
})

test('a code by text message', async ({ browser }) => {
  const person = await arrive(browser, 'owner@blue.test')
  const number = '+4915155501234'
  const phone = new Mailbox(portal.url, number)
  const { page } = person
  await configure(person, 'SMS')
  await inspect(page, 'sms-number')
  await page.getByLabel('Mobile number').fill(number)
  await page.getByRole('button', { name: 'Send code' }).click()
  await person.confirm()
  await page.getByRole('textbox', { name: 'Code' }).fill(await phone.code())
  await okay(person)

  await person.signOut()
  await person.givePassword()
  await expect(page.getByRole('heading', { name: 'Two-factor authentication', level: 1 })).toBeVisible()
  await page.getByRole('button', { name: /^Send a code to/ }).click()
  await page.getByRole('textbox', { name: 'Code' }).fill(await phone.code())
  await expect(person.menu).toBeVisible()
})

test('a passkey', async ({ browser }) => {
  const person = await arrive(browser, 'owner@acme.test')
  const { page } = person
  const mistakes = listenForMistakes(page)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await configure(person, 'Passkey')
  await person.confirm()
  await inspect(page, 'passkey-create')
  await page.getByRole('button', { name: 'Create passkey' }).click()
  await okay(person)

  await person.signOut()
  await person.givePassword()
  await expect(page.getByRole('heading', { name: 'Two-factor authentication', level: 1 })).toBeVisible()
  await inspect(page, 'passkey-prove')
  await page.getByRole('button', { name: 'Use passkey' }).click()
  await expect(person.menu).toBeVisible()
  expect(mistakes).toEqual([])
})

test('recovery codes, a new device, and disabling it again', async ({ browser }) => {
  const person = await arrive(browser, 'member@acme.test')
  const { page } = person
  await configure(person, 'Authenticator App')
  await person.confirm()
  await person.scan()
  await page.getByRole('textbox', { name: 'Code' }).fill(await person.code())
  const codes = await page
    .getByRole('list', { name: 'Sallyport recovery codes' })
    .getByRole('listitem')
    .allInnerTexts()
  await okay(person)

  await test.step('a recovery code opens the second door, in whatever spelling', async () => {
    await person.signOut()
    await person.givePassword()
    await expect(page.getByRole('heading', { name: 'Two-factor authentication', level: 1 })).toBeVisible()
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
    await page.getByRole('textbox', { name: 'Code' }).fill(await person.code())
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('Your new factor is active')).toBeVisible()
    await expect(page.getByRole('list', { name: 'Your factors' }).getByRole('listitem')).toHaveCount(1)
  })

  await test.step('it is disabled with the password and a recovery code', async () => {
    await page.getByRole('button', { name: /user menu/ }).click()
    await page.getByRole('menuitem', { name: 'Disable 2FA' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable 2FA' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.or(page.getByText('Two-factor authentication is disabled.')).first().waitFor()
    if (await dialog.isVisible()) {
      await dialog.getByLabel('Password', { exact: true }).fill(password)
      await dialog.getByRole('button', { name: 'Use a recovery code instead' }).click()
      await dialog.getByLabel('Recovery code').fill(codes[1] ?? '')
      await inspect(page, 'confirm-with-recovery-code')
      await dialog.getByRole('button', { name: 'Confirm' }).click()
    }
    await expect(page.getByText('Two-factor authentication is disabled.')).toBeVisible()
    await expect(page.getByText('Not enabled')).toBeVisible()
  })
})
