import { expect, type Page, test } from '@playwright/test'
import { enforce } from './api'
import { inspect, listenForMistakes } from './checks'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal?.stop()
})

const code = (page: Page) => page.getByRole('textbox', { name: 'Code' })
const qr = (page: Page) => page.getByAltText('QR code for your authenticator app')
const recoveryCodes = (page: Page) =>
  page.getByRole('list', { name: 'Sallyport recovery codes' }).getByRole('listitem')

/** The key beside the QR code, as people type it. */
async function secretOf(page: Page): Promise<string> {
  await expect(qr(page)).toBeVisible()
  return page.getByRole('dialog').locator('code').first().innerText()
}

/** What the tab and the browser keep, where scripts can read it. */
function storage(page: Page): Promise<string> {
  return page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
}

test('a sign-in goes on at its second step after a reload, and in another tab', async ({ page, context }) => {
  test.setTimeout(180_000)
  const mistakes = listenForMistakes(page)
  const person = new Person(page, 'owner@blue.test', portal.url)
  const heading = (at: Page) => at.getByRole('heading', { name: 'Two-factor authentication', level: 1 })
  await person.protect()
  await page.waitForURL(/\/accounts\//)
  const place = new URL(page.url()).pathname
  await person.signOut()
  await person.open(`${place}/settings`)

  await test.step('reload', async () => {
    await person.givePassword()
    await expect(heading(page)).toBeVisible()
    await page.reload()
    await expect(heading(page)).toBeVisible()
    await expect(page.getByLabel('E-mail address')).toBeHidden()
    await inspect(page, 'resumed')
  })

  await test.step('to another page and back', async () => {
    await page.goto(`${portal.url}/demo/messages`)
    await expect(page.getByRole('searchbox')).toBeVisible()
    await page.goBack()
    await expect(heading(page)).toBeVisible()
  })

  await test.step('another tab stands there too', async () => {
    const other = await context.newPage()
    await other.goto(portal.url)
    await expect(heading(other)).toBeVisible()
    await expect(other).toHaveURL(`${portal.url}/sign-in`)
    await other.close()
  })

  await test.step('the code alone opens the portal, where the person wanted to go', async () => {
    await code(page).fill(await person.code())
    await expect(person.menu).toBeVisible()
    await expect(page).toHaveURL(`${portal.url}${place}/settings`)
  })

  await test.step('whoever goes back to the first step has left, after a reload too', async () => {
    await person.signOut()
    await person.givePassword()
    await expect(heading(page)).toBeVisible()
    await page.getByRole('button', { name: 'Back to sign-in' }).click()
    await expect(page.getByLabel('E-mail address')).toBeVisible()
    await page.reload()
    await expect(page.getByLabel('E-mail address')).toBeVisible()
    await person.open(place)
    await expect(page.getByLabel('E-mail address')).toBeVisible()
  })
  expect(mistakes).toEqual([])
})

test('a setup in the portal is there again after a reload, until it is closed', async ({ browser }) => {
  const context = await browser.newContext()
  const page = await context.newPage()
  const person = new Person(page, 'admin@acme.test', portal.url)
  await person.signIn('/me/security')
  await page.getByRole('button', { name: 'Set up two-factor authentication' }).click()
  await page.getByRole('button', { name: 'Configure Authenticator App' }).click()
  const secret = await secretOf(page)
  await page.reload()
  expect(await secretOf(page)).toBe(secret)
  await page.keyboard.press('Escape')
  await expect(person.dialog).toBeHidden()
  await page.reload()
  await expect(page.getByText('Not enabled')).toBeVisible()
  await expect(person.dialog).toHaveCount(0)
  await context.close()
})

test('an enrolment goes on with the same secret and the same recovery codes', async ({ browser }) => {
  test.setTimeout(180_000)
  await enforce(portal.url, {})
  const context = await browser.newContext()
  const page = await context.newPage()
  const mistakes = listenForMistakes(page)
  const member = new Person(page, 'member@acme.test', portal.url)
  await member.open('/me/security')
  await member.givePassword()
  await expect(member.window).toBeVisible()
  await page.getByRole('button', { name: 'Configure Authenticator App' }).click()
  await member.scan()
  const secret = await secretOf(page)

  await test.step('after a reload', async () => {
    await page.reload()
    expect(await secretOf(page)).toBe(secret)
    await expect(code(page)).toBeFocused()
    await inspect(page, 'enrolment-resumed')
  })

  await test.step('after a walk to another page, back and forward', async () => {
    await page.goto(`${portal.url}/demo/messages`)
    await expect(page.getByRole('searchbox')).toBeVisible()
    await page.goBack()
    expect(await secretOf(page)).toBe(secret)
    await page.goForward()
    await expect(page.getByRole('searchbox')).toBeVisible()
    await page.goBack()
    expect(await secretOf(page)).toBe(secret)
  })

  await test.step('nothing that opens anything is kept where scripts can read it later', async () => {
    const kept = await storage(page)
    expect(kept).not.toContain(secret.replaceAll(' ', ''))
    expect(kept).not.toContain('otpauth')
  })

  const other = await context.newPage()
  await test.step('in a second tab', async () => {
    await other.goto(portal.url)
    expect(await secretOf(other)).toBe(secret)
  })

  let codes: string[] = []
  await test.step('between the code and Okay: the same recovery codes', async () => {
    await code(page).fill(await member.code())
    await expect(recoveryCodes(page)).toHaveCount(10)
    codes = await recoveryCodes(page).allInnerTexts()
    await page.reload()
    await expect(recoveryCodes(page)).toHaveCount(10)
    expect(await recoveryCodes(page).allInnerTexts()).toEqual(codes)
    await other.reload()
    await expect(recoveryCodes(other)).toHaveCount(10)
    expect(await recoveryCodes(other).allInnerTexts()).toEqual(codes)
    const kept = await storage(page)
    for (const recovery of codes) expect(kept).not.toContain(recovery)
  })

  await test.step('Okay opens the portal, in both tabs', async () => {
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('You are signed in.')).toBeVisible()
    await expect(page).toHaveURL(`${portal.url}/me/security`)
    await expect(other.getByRole('navigation', { name: 'Main menu' })).toBeVisible()
    expect(await storage(page)).not.toContain('factorId')
    await page.reload()
    await expect(page.getByText('Enabled', { exact: true })).toBeVisible()
    await expect(member.dialog).toHaveCount(0)
  })
  expect(mistakes).toEqual([])
  await context.close()
})
