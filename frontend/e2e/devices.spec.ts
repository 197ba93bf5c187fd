import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { inspect } from './checks'
import { Person, password } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
let folder: string
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-countries-'))
  const table = join(folder, 'countries.csv')
  await writeFile(table, '198.51.100.0,198.51.100.255,DE\n')
  portal = await startPortal({
    settings: { COUNTRY_TABLE: table, TRUSTED_PROXIES: '127.0.0.0/8,::1/128' },
  })
})
test.afterAll(async () => {
  await portal?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Signs in from another device, in another network. */
async function signInFrom(address: string, device: string): Promise<void> {
  const answer = await fetch(`${portal.url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address, 'User-Agent': device },
    body: JSON.stringify({ email: 'member@acme.test', password, session: 'bearer' }),
  })
  expect(answer.status).toBe(200)
}

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

test('the list of sessions says where each is, and ends one or all others', async ({ page }) => {
  await signInFrom('198.51.100.7', firefox)
  await signInFrom('192.168.178.20', 'curl/8.5.0')
  await signInFrom('203.0.113.7', firefox)
  const member = new Person(page, 'member@acme.test', portal.url)
  await member.signIn('/me/security')
  const list = page.getByRole('list', { name: 'Where you are signed in' })
  const germany = list.getByText('198.51.100.7, Germany (by its address, may be wrong)')
  await expect(germany).toBeVisible()
  await expect(list.getByText('192.168.178.20, private network')).toBeVisible()
  await expect(list.getByText('203.0.113.7, public network')).toBeVisible()
  await expect(list.getByText('this machine')).toBeVisible()
  await list.scrollIntoViewIfNeeded()
  await inspect(page, 'devices')
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await inspect(page, 'devices-narrow-dark')
  await page.setViewportSize({ width: 1280, height: 860 })

  await list.getByRole('listitem').filter({ hasText: 'Germany' }).getByRole('button').click()
  await expect(germany).toBeHidden()
  await page.getByRole('button', { name: 'End all others' }).click()
  await expect(page.getByText('All other sessions have ended.')).toBeVisible()
  await expect(list.getByRole('listitem')).toHaveCount(1)
})

test('a new password says how many characters it lacks, and how strong it is', async ({ page }) => {
  const member = new Person(page, 'member@acme.test', portal.url)
  await member.signIn('/me')
  const field = page.getByLabel('New password')
  await field.fill('kx8#hqpw')
  await expect(page.getByText('4 more characters')).toBeVisible()
  await field.fill('password1234')
  await expect(page.getByText('Estimated: easy to guess')).toBeVisible()
  await inspect(page, 'easy')
  await field.fill('kettle orbit marble nine')
  await expect(page.getByText('Estimated: hard to guess')).toBeVisible()
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await field.scrollIntoViewIfNeeded()
  await inspect(page, 'hard-narrow-dark')
  await page.getByRole('button', { name: 'Change password' }).click()
  await member.confirmFor(page.getByText('Your password is changed.'))
  await expect(page.getByText('Estimated')).toBeHidden()
})
