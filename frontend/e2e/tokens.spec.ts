import { expect, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal.stop()
})

test('a token is made, works, and stops when it is revoked', async ({ page }) => {
  const mistakes = listenForMistakes(page)
  const person = new Person(page, 'member@acme.test', portal.url)
  const tokens = page.getByRole('list', { name: 'API tokens' })
  await person.signIn()
  await page.waitForURL(/\/accounts\//)
  const account = new URL(page.url()).pathname
  /** As a program would: past the browser. */
  const call = async (path: string, token: string) => {
    const { status } = await fetch(`${portal.url}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    return status
  }

  await person.open('/me')
  await page.getByRole('link', { name: 'API tokens' }).click()
  await expect(page.getByText('No API tokens')).toBeVisible()
  await inspect(page, 'no-tokens')
  await page.getByRole('button', { name: 'Create token' }).click()
  await person.dialog.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('Please enter a name.')).toBeVisible()
  await expect(page.getByText('Please choose at least one.')).toBeVisible()
  await person.dialog.getByLabel('Name').fill('Backup script')
  await person.dialog.getByLabel('Read the portal').check()
  await person.dialog.getByLabel('Good for').selectOption('365 days')
  await inspect(page, 'new-token')
  await person.dialog.getByRole('button', { name: 'Create' }).click()
  await person.confirm()
  const token = await person.dialog.locator('code').innerText()
  expect(token).toMatch(/^spat_/)
  await inspect(page, 'made-token')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await person.dialog.getByRole('button', { name: 'Copy token' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token)
  await person.dialog.getByRole('button', { name: 'Done' }).click()

  expect(await call(`${account}/services`, token)).toBe(200)
  expect(await call('/accounts', token)).toBe(403)
  await page.reload()
  await expect(tokens.getByText('Active')).toBeVisible()
  await expect(tokens.getByText('Read the portal')).toBeVisible()
  await expect(tokens.getByText('last used')).toBeVisible()
  await expect(page.getByText(token)).toHaveCount(0)

  await page.getByRole('button', { name: 'Revoke “Backup script”' }).click()
  await inspect(page, 'revoke-token')
  await person.dialog.getByRole('button', { name: 'Revoke' }).click()
  await expect(tokens.getByText('Revoked')).toBeVisible()
  expect(await call(`${account}/services`, token)).toBe(401)
  await inspect(page, 'tokens')
  expect(mistakes).toEqual([])
})
