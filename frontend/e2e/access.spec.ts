import { type Browser, expect, type Page, test } from '@playwright/test'
import { inspect } from './checks'
import { Mailbox } from './mailbox'
import { password as demoPassword, Person } from './person'
import { type Portal, startPortal } from './portal'

const chosen = 'kettle orbit marble nine'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal?.stop()
})

async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext()).newPage()
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto(`${portal.url}/sign-in`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('somebody signs up, proves the address, and is in', async ({ browser }) => {
  const page = await newPage(browser)
  const mailbox = new Mailbox(portal.url, 'newcomer@fresh.test')
  await page.goto(`${portal.url}/sign-in`)
  await page.getByRole('link', { name: 'Create an account' }).click()
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible()
  await inspect(page, 'sign-up')
  await page.getByLabel('Your name').fill('Newcomer')
  await page.getByLabel('Name of your account').fill('Fresh Hosting')
  await page.getByLabel('E-mail address').fill('newcomer@fresh.test')
  await page.getByLabel('New password').fill(chosen)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mailbox' })).toBeVisible()

  await page.goto(portal.url + (await mailbox.link('/verify-email')))
  await expect(page).toHaveURL(`${portal.url}/verify-email`)
  await inspect(page, 'verify-email')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByRole('heading', { name: 'Your address is confirmed' })).toBeVisible()
  await signIn(page, 'newcomer@fresh.test', chosen)
  await expect(page.getByRole('heading', { name: 'Fresh Hosting', level: 1 })).toBeVisible()
})

test('a forgotten password is set anew by a link that works once', async ({ browser }) => {
  const page = await newPage(browser)
  const mailbox = new Mailbox(portal.url, 'owner@blue.test')
  await page.goto(`${portal.url}/sign-in`)
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByLabel('E-mail address').fill('owner@blue.test')
  await inspect(page, 'forgot-password')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mailbox' })).toBeVisible()

  const link = await mailbox.link('/reset-password')
  await page.goto(portal.url + link)
  await page.getByLabel('New password').fill('password1234')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByText('This password is too short, too common')).toBeVisible()
  await inspect(page, 'reset-password')
  await page.getByLabel('New password').fill(chosen)
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('heading', { name: 'Your password is set' })).toBeVisible()
  await signIn(page, 'owner@blue.test', chosen)
  await expect(page.getByRole('heading', { name: 'Blue Harbour', level: 1 })).toBeVisible()

  const other = await newPage(browser)
  await other.goto(portal.url + link)
  await other.getByLabel('New password').fill(`${chosen} again`)
  await other.getByRole('button', { name: 'Set password' }).click()
  await expect(other.getByRole('heading', { name: 'This link is no longer good' })).toBeVisible()
})

test('an invited person joins by the link of the mail', async ({ browser }) => {
  const owner = new Person(await newPage(browser), 'owner@acme.test', portal.url)
  await owner.signIn()
  await owner.menu.getByRole('link', { name: 'Members' }).click()
  await owner.page.getByRole('button', { name: 'Invite' }).first().click()
  await owner.dialog.getByLabel(/E-mail/).fill('invited@acme.test')
  await owner.dialog.getByRole('button', { name: /Invite|Send/ }).click()
  await owner.confirmFor(owner.page.getByText('invited@acme.test'))

  const page = await newPage(browser)
  await page.goto(portal.url + (await new Mailbox(portal.url, 'invited@acme.test').link('/invitation')))
  await expect(page.getByRole('heading', { name: 'Join Acme Hosting' })).toBeVisible()
  await inspect(page, 'invitation')
  await page.getByLabel('Your name').fill('Invited')
  await page.getByLabel('New password').fill(chosen)
  await page.getByRole('button', { name: 'Join' }).click()
  await expect(page.getByRole('heading', { name: 'You have joined' })).toBeVisible()
  await signIn(page, 'invited@acme.test', demoPassword)
  await expect(page.getByRole('alert')).toBeVisible()
  await signIn(page, 'invited@acme.test', chosen)
  await expect(page.getByRole('heading', { name: 'Acme Hosting', level: 1 })).toBeVisible()
})
