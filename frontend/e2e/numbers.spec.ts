import { expect, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { Mailbox } from './mailbox'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal.stop()
})

const mobile = '+4915155501234'
const backup = '+4930901820'

test('a mobile number and a backup number on the profile: afterwards every sign-in needs a code by text', async ({
  page,
}) => {
  test.setTimeout(180_000)
  const mistakes = listenForMistakes(page)
  const person = new Person(page, 'member@acme.test', portal.url)
  const [phone, spare] = [new Mailbox(portal.url, mobile), new Mailbox(portal.url, backup)]
  const other = new Mailbox(portal.url, '+4915155507777')
  const code = page.getByRole('textbox', { name: 'Code' })
  const numbers = page.getByRole('list', { name: 'Phone numbers' })

  await test.step('the backup number is proven by a code', async () => {
    await person.signIn()
    await page.getByRole('button', { name: /user menu/ }).click()
    await page.getByRole('menuitem', { name: 'My Account' }).click()
    await expect(numbers.getByRole('listitem')).toHaveCount(2)
    await page.getByRole('button', { name: 'Add backup number' }).click()
    await person.dialog.getByLabel('Backup number').fill('030 901820')
    await person.dialog.getByRole('button', { name: 'Send code' }).click()
    await person.confirmFor(page.getByText('This is not a number'))
    await person.dialog.getByLabel('Backup number').fill(backup)
    await person.dialog.getByRole('button', { name: 'Send code' }).click()
    await expect(page.getByText('We have sent a code to')).toBeVisible()
    await expect(page.getByText('Send again in')).toBeVisible()
    await expect(person.dialog.getByRole('timer')).toHaveText(/^(10|9):\d\d$/)
    await expect(page.getByText('The message has been delivered.')).toBeVisible()
    await inspect(page, 'number-code')
    await code.fill(await spare.code())
    await expect(page.getByText('Your backup number is verified.')).toBeVisible()
    await expect(numbers.getByText('Verified')).toHaveCount(1)
  })

  await test.step('the mobile number becomes the second factor with one press', async () => {
    await page.getByRole('button', { name: 'Add mobile number' }).click()
    await person.dialog.getByLabel('Mobile number').fill(backup)
    await person.dialog.getByRole('button', { name: 'Send code' }).click()
    await expect(page.getByText('This number is in use already.')).toBeVisible()
    await person.dialog.getByLabel('Mobile number').fill(mobile)
    await person.dialog.getByRole('button', { name: 'Send code' }).click()
    await code.fill('000000')
    await expect(page.getByText('This code is wrong. 4 attempts left.')).toBeVisible()
    await code.fill(await phone.code())
    await expect(page.getByText('Text messages can be intercepted')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Use a safer method' })).toBeVisible()
    await inspect(page, 'number-offer')
    await page.getByRole('button', { name: 'Ask for a code at every sign-in' }).click()
    await expect(
      page.getByRole('list', { name: 'Sallyport recovery codes' }).getByRole('listitem'),
    ).toHaveCount(10)
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('Two-factor authentication is enabled.')).toBeVisible()
    await expect(numbers.getByText('receives your sign-in codes')).toBeVisible()
    await expect(page.getByText('Method: SMS')).toBeVisible()
    await inspect(page, 'numbers')
  })

  await test.step('a number that a factor needs stays, and the page says why', async () => {
    await numbers
      .getByRole('button', { name: /^Remove/ })
      .first()
      .click()
    await expect(page.getByText('A second factor sends its codes to this number')).toBeVisible()
    await inspect(page, 'number-in-use')
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  await test.step('signing in asks for a code, at the backup number where the mobile is not at hand', async () => {
    await person.signOut()
    await person.givePassword()
    await page.getByRole('button', { name: /^Send a code to/ }).click()
    await expect(page.getByText('We have sent a code to')).toBeVisible()
    await phone.code()
    await expect(page.getByRole('button', { name: 'Call me instead' })).toBeDisabled()
    await page
      .getByRole('button', { name: /Send to my backup number .*20 instead/ })
      .click({ timeout: 40_000 })
    await expect(page.getByRole('button', { name: 'Send to my mobile number instead' })).toBeVisible()
    await code.fill(await spare.code())
    await expect(person.menu).toBeVisible()
  })

  await test.step('a new number takes the place of the old one, for signing in too', async () => {
    await person.open('/me')
    await page.getByRole('button', { name: 'Replace mobile number' }).click()
    await person.dialog.getByLabel('Mobile number').fill('+49 151 5550 7777')
    await person.dialog.getByRole('button', { name: 'Send code' }).click()
    await person.confirmBySentCode(phone)
    await code.fill(await other.code())
    await page.getByRole('button', { name: 'Send codes to the new number' }).click()
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('Your new factor is active')).toBeVisible()
    await expect(numbers.getByText('receives your sign-in codes')).toHaveCount(1)
    await expect(numbers.getByRole('listitem')).toHaveCount(2)
  })

  await test.step('the backup number is removed', async () => {
    await numbers.getByRole('button', { name: /^Remove .*20$/ }).click()
    await person.dialog.getByRole('button', { name: 'Remove' }).click()
    await person.confirmFor(page.getByText('is removed.'), other)
    await expect(page.getByRole('button', { name: 'Add backup number' })).toBeVisible()
  })

  await test.step('the mobile number stays when two-factor authentication is disabled', async () => {
    await page.getByRole('button', { name: /user menu/ }).click()
    await page.getByRole('menuitem', { name: 'Disable 2FA' }).click()
    await person.dialog.getByRole('button', { name: 'Disable 2FA' }).click()
    await person.confirmFor(page.getByText('Two-factor authentication is disabled.'), other)
    await person.open('/me')
    await expect(numbers.getByText('Verified')).toHaveCount(1)
    await expect(numbers.getByText('receives your sign-in codes')).toHaveCount(0)
    await inspect(page, 'number-stays')
  })
  expect(mistakes).toEqual([])
})
