import { expect, test } from '@playwright/test'
import { enforce, type Program } from './api'
import { inspect } from './checks'
import { Human } from './human'
import { Mailbox } from './mailbox'
import { Person, password } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal.stop()
})

let owner: Program

test('from the window to Okay in five inputs and in less than a minute, at the pace of a person', async ({
  page,
}) => {
  const member = new Person(page, 'member@acme.test', portal.url)
  await member.signIn()
  owner = await enforce(portal.url, {})
  await expect(member.window).toBeVisible()

  const human = new Human()
  const began = Date.now()
  await human.read('line')
  await human.click(member.window.getByRole('button', { name: 'Configure Authenticator App' }))
  const confirmation = member.confirmation
  await confirmation.or(page.getByAltText('QR code for your authenticator app')).first().waitFor()
  if (await confirmation.isVisible()) {
    await human.type(confirmation.getByLabel('Password', { exact: true }), password)
    await human.click(confirmation.getByRole('button', { name: 'Confirm' }))
  }
  await human.read('scan')
  await member.scan()
  await human.read('digits')
  await human.type(page.getByRole('textbox', { name: 'Code' }), await member.code())
  await human.read('line')
  await human.read('keep')
  await human.click(page.getByRole('button', { name: 'Okay' }))
  await expect(page.getByText('You are signed in.')).toBeVisible()

  console.log(
    `    ${human.inputs} inputs, ${((Date.now() - began) / 1000).toFixed(1)} s, ${(human.pauses / 1000).toFixed(1)} s of them a person's`,
  )
  expect(human.inputs).toBeLessThanOrEqual(5)
  expect(human.pauses).toBeLessThan(60_000)

  // It is required, so neither item is in the menu, and the page for security says by whom.
  await page.getByRole('button', { name: /user menu/ }).click()
  await expect(page.getByRole('menuitem', { name: 'My Account' })).toBeVisible()
  await expect(page.getByRole('menuitem', { name: /2FA/ })).toHaveCount(0)
  await page.getByRole('menuitem', { name: 'My Account' }).click()
  await page.getByRole('link', { name: 'Update 2FA' }).click()
  await expect(member.dialog).toHaveAccessibleName('Replace “Authenticator app”')
  await page.keyboard.press('Escape')
  await expect(page.getByText('Acme Hosting requires it for all its members.')).toBeVisible()
})

test('a guarded first enrolment asks the mailbox first, in the window and in the dialog', async ({
  browser,
}) => {
  await owner.putRule({ guarded_enrolment: true })

  await test.step('in the window', async () => {
    const page = await (await browser.newContext()).newPage()
    const admin = new Person(page, 'admin@acme.test', portal.url)
    const mailbox = new Mailbox(portal.url, admin.email)
    await admin.open()
    await admin.givePassword()
    await page.getByRole('button', { name: 'Configure SMS' }).click()
    await page.getByLabel('Mobile number').fill('+4915155501234')
    await page.getByRole('button', { name: 'Send code' }).click()
    await expect(page.getByText('First a code from your mailbox')).toBeVisible()
    await expect(page.getByText(/We have sent a code to a.*@acme\.test/)).toBeVisible()
    await expect(page.getByText('Send again in')).toBeVisible()
    await inspect(page, 'guard')
    const code = page.getByRole('textbox', { name: 'Code' })
    await code.fill('000000')
    await expect(page.getByText('This code is wrong.')).toBeVisible()
    await code.fill(await mailbox.code())
    // On where it was: the number that was typed has its code.
    await expect(page.getByText('First a code from your mailbox')).toBeHidden()
    await code.fill(await new Mailbox(portal.url, '+4915155501234').code())
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('You are signed in.')).toBeVisible()
    await page.context().close()
  })

  await test.step('in the dialog, before the deadline', async () => {
    await owner.putRule({ guarded_enrolment: true, grace_days: 7 })
    const page = await (await browser.newContext()).newPage()
    const guest = new Person(page, 'contractor@acme.test', portal.url)
    const mailbox = new Mailbox(portal.url, guest.email)
    await page.goto(`${portal.url}/me/security?start=enable`)
    await guest.givePassword()
    await page.getByRole('button', { name: 'Authenticator-App einrichten' }).click()
    await expect(page.getByText('Zuerst ein Code aus Ihrem Postfach')).toBeVisible()
    await page.getByRole('textbox', { name: 'Code' }).fill(await mailbox.code())
    await expect(page.getByAltText('QR-Code für Ihre Authenticator-App')).toBeVisible()
    await page.context().close()
  })
})
