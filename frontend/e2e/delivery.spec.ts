import { expect, test } from '@playwright/test'
import { busy, Carrier, unsubscribed } from './carrier'
import { inspect } from './checks'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

let carrier: Carrier
let portal: Portal
test.beforeAll(async () => {
  carrier = await Carrier.open()
  portal = await startPortal({ settings: carrier.settings })
})
test.afterAll(async () => {
  await portal?.stop()
  await carrier.close()
})

test('the page says how far a text has come, and offers another way where it does not arrive', async ({
  page,
}) => {
  test.setTimeout(180_000)
  const person = new Person(page, 'member@acme.test', portal.url)
  const code = page.getByRole('textbox', { name: 'Code' })
  const recoveryCodes = page.getByRole('list', { name: 'Sallyport recovery codes' }).getByRole('listitem')
  const toTheSecondDoor = async () => {
    await person.signOut()
    await person.givePassword()
    await page.getByRole('button', { name: /^Send a code to/ }).click()
    await expect(page.getByText('We have sent a code to')).toBeVisible()
  }
  let recovery: string[] = []

  await test.step('while enrolling', async () => {
    await person.signIn('/me/security?start=enable')
    await page.getByRole('button', { name: 'Configure SMS' }).click()
    await page.getByLabel('Mobile number').fill('+4915155501234')
    await page.getByRole('button', { name: 'Send code' }).click()
    await person.confirmFor(code)
    const text = await carrier.next()
    await expect(page.getByText('Your operator has the message.')).toBeVisible()
    await carrier.report(text, 'delivered')
    await expect(page.getByText('The message has been delivered.')).toBeVisible()
    await code.fill(text.code)
    recovery = await recoveryCodes.allInnerTexts()
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('Two-factor authentication is enabled.')).toBeVisible()
  })

  await test.step('a text that waits, that is sent, and that does not arrive; a call brings the code', async () => {
    carrier.refusal = busy
    await toTheSecondDoor()
    await expect(page.getByText('The message is waiting to be sent.')).toBeVisible()
    carrier.refusal = undefined
    await carrier.next()
    await expect(page.getByText('Your operator has the message.')).toBeVisible()
    await expect(page.getByText('Your operator has not delivered it yet: try another way.')).toBeVisible({
      timeout: 40_000,
    })
    await inspect(page, 'text-late')
    await page.getByRole('button', { name: 'Call me instead' }).click()
    const call = await carrier.next()
    expect(call).toMatchObject({ voice: true, to: '+4915155501234' })
    await expect(page.getByText('We are calling')).toBeVisible()
    await expect(page.getByText('The telephone is ringing.')).toBeVisible()
    await carrier.report(call, 'completed')
    await expect(page.getByText('The call has been answered.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Send a text message instead' })).toBeVisible()
    await inspect(page, 'call-answered')
    await code.fill(call.code)
    await expect(person.menu).toBeVisible()
  })

  await test.step('a number that has unsubscribed is told so; a recovery code opens the door', async () => {
    carrier.refusal = unsubscribed
    await toTheSecondDoor()
    await expect(page.getByText('The message was not delivered.')).toBeVisible()
    await expect(page.getByText('This number has unsubscribed from our messages.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Send again', exact: true })).toBeEnabled({
      timeout: 2_000,
    })
    await inspect(page, 'text-failed')
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await page.getByLabel('Recovery code').fill(recovery[0] ?? '')
    await page.getByRole('button', { name: 'Verify' }).click()
    await expect(person.menu).toBeVisible()
  })
})
