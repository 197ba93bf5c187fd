import { expect, type Locator, test } from '@playwright/test'
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

test('a new password suspends a token, and its owner resumes it', async ({ page }) => {
  const person = new Person(page, 'admin@acme.test', portal.url)
  const tokens = page.getByRole('list', { name: 'API tokens' })
  const works = async (token: string) =>
    (await fetch(`${portal.url}/api/v1/catalogue`, { headers: { Authorization: `Bearer ${token}` } })).status
  await person.signIn('/me/api-tokens')
  await page.getByRole('button', { name: 'Create token' }).click()
  await person.dialog.getByLabel('Name').fill('Backup script')
  await person.dialog.getByLabel('Read the portal').check()
  await person.dialog.getByRole('button', { name: 'Create' }).click()
  await person.confirmFor(person.dialog.locator('code'))
  const token = await person.dialog.locator('code').innerText()
  await person.dialog.getByRole('button', { name: 'Done' }).click()
  expect(await works(token)).toBe(200)

  await person.open('/me')
  await page.getByLabel('New password').fill('kettle orbit marble nine')
  await page.getByRole('button', { name: 'Change password' }).click()
  await person.confirmFor(page.getByText('Your password is changed.'))
  await expect(page.getByText('Your API token is suspended, too')).toBeVisible()
  await inspect(page, 'password-changed')
  expect(await works(token)).not.toBe(200)

  await page.getByRole('link', { name: 'To the API tokens' }).click()
  await expect(tokens.getByText('Suspended', { exact: true })).toBeVisible()
  await expect(tokens.getByText('something about how you sign in has changed')).toBeVisible()
  await inspect(page, 'token-suspended')
  await page.getByRole('button', { name: 'Resume “Backup script”' }).click()
  await confirmWith(person, 'kettle orbit marble nine', page.getByText('“Backup script” works again.'))
  await expect(tokens.getByText('Active')).toBeVisible()
  expect(await works(token)).toBe(200)
})

/** With the new password, where what the old one has confirmed does not count any more. */
async function confirmWith(person: Person, password: string, done: Locator): Promise<void> {
  const dialog = person.confirmation
  await dialog.or(done).first().waitFor()
  if (await dialog.isVisible()) {
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
  }
  await expect(done).toBeVisible()
}
