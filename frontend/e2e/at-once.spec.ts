import { expect, type Page, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

const number = 'SP-100001'
let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal?.stop()
})

test('an open page shows at once what an owner does elsewhere', async ({ browser }) => {
  test.setTimeout(240_000)
  const arrive = async (email: string) => {
    const page = await (await browser.newContext()).newPage()
    return new Person(page, email, portal.url)
  }
  const owner = await arrive('owner@acme.test')
  const admin = await arrive('admin@acme.test')
  const { page } = admin
  const mistakes = listenForMistakes(page)
  await owner.protect()
  await admin.protect()
  await admin.page.waitForURL(/\/accounts\//)
  const account = new URL(page.url()).pathname.match(/^\/accounts\/[^/]+/)?.[0] ?? ''

  /** What an owner confirms by the account's number. */
  async function press(
    open: string,
    button: string,
    done: string,
    fill?: () => Promise<void>,
  ): Promise<void> {
    await owner.page.getByRole('button', { name: open }).click()
    await fill?.()
    await owner.dialog.getByLabel(new RegExp(number)).fill(number)
    await owner.dialog.getByRole('button', { name: button }).click()
    await owner.confirmFor(owner.page.getByText(done))
    await expect(owner.dialog).toBeHidden()
  }

  let token = ''
  await test.step('the admin has a program', async () => {
    await admin.open('/me/api-tokens')
    await page.getByRole('button', { name: 'Create token' }).click()
    await admin.dialog.getByLabel('Name').fill('Backup script')
    await admin.dialog.getByLabel('Read the portal').check()
    await admin.dialog.getByRole('button', { name: 'Create' }).click()
    const made = admin.dialog.locator('code')
    await admin.confirmFor(made)
    token = await made.innerText()
    await admin.dialog.getByRole('button', { name: 'Done' }).click()
  })
  const works = async () =>
    (
      await fetch(`${portal.url}/api/v1${account}/services`, {
        headers: { Authorization: `Bearer ${token}` },
      })
    ).status

  await owner.open(`${account}/settings`)
  await admin.open(`${account}/settings`)
  await expect(page.getByText('Not enforced')).toBeVisible()
  await stay(page)

  await test.step('a rule is set, made stricter and binds sooner', async () => {
    await press('Enforce 2FA', 'Enforce', 'Two-factor authentication is enforced for', async () => {
      await owner.dialog.getByLabel('When it binds').selectOption('days')
    })
    await expect(page.getByText(/It binds in (14 days|13 days, 23 hours)/)).toBeVisible()
    await press('Change the rule', 'Change the rule', 'The rule of Acme Hosting is changed.', async () => {
      await owner.dialog.getByLabel('Minimum strength').selectOption('no_email')
    })
    await expect(page.getByText('E-mail codes are not accepted.')).toBeVisible()
    await press('Change the rule', 'Change the rule', 'The rule of Acme Hosting is changed.', async () => {
      await owner.dialog.getByLabel('When it binds').selectOption('days')
      await owner.dialog.getByLabel('Days from now').fill('3')
    })
    await expect(page.getByText(/It binds in (3 days|2 days, 23 hours)/)).toBeVisible()
    await stayed(page)
  })

  await test.step('an incident is started, and whoever signs in meanwhile sees it', async () => {
    await press('Start an incident', 'Start the incident', 'The incident is running.')
    await expect(page.getByLabel('E-mail address')).toBeVisible()
    await admin.givePassword()
    await page.getByRole('textbox', { name: 'Code' }).fill(await admin.code())
    await expect(page.getByText('An incident is running in Acme Hosting')).toBeVisible()
    await admin.open('/me/api-tokens')
    const tokens = page.getByRole('list', { name: 'API tokens' })
    await expect(tokens.getByText('Paused', { exact: true })).toBeVisible()
    await expect(
      tokens.getByText(/^Paused by a rule on two-factor authentication, or by an owner/),
    ).toBeVisible()
    expect(await works()).toBe(403)
    await inspect(page, 'token-paused')
    await stay(page)
  })

  await test.step('the incident ends, and with it the banner and the pause', async () => {
    await press('End the incident', 'End the incident', 'The incident is over.')
    await expect(page.getByText('An incident is running in Acme Hosting')).toBeHidden()
    await expect(page.getByRole('list', { name: 'API tokens' }).getByText('Active')).toBeVisible()
    expect(await works()).toBe(200)
    await inspect(page, 'token-active')
    await stayed(page)
  })
  expect(mistakes).toEqual([])
  for (const person of [owner, admin]) await person.page.context().close()
})

/** Leaves a mark on the page that a reload would take away. */
async function stay(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute('data-mark', 'here'))
}

async function stayed(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.getAttribute('data-mark'))).toBe('here')
}
