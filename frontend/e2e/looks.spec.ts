import { expect, type Page, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { password } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal.stop()
})

const looks = [
  { name: 'narrow and light, in English', width: 360, colorScheme: 'light', language: 'en' },
  { name: 'narrow and dark, in German', width: 360, colorScheme: 'dark', language: 'de' },
  { name: 'wide and dark, in German', width: 1280, colorScheme: 'dark', language: 'de' },
] as const

for (const { name, width, colorScheme, language } of looks) {
  test(`every page holds together ${name}`, async ({ browser }) => {
    test.setTimeout(300_000)
    const viewport = { width, height: width < 500 ? 740 : 860 }
    const context = await browser.newContext({ viewport, colorScheme, locale: language })
    const page = await context.newPage()
    const mistakes = listenForMistakes(page)

    await page.goto(portal.url)
    await expect(page.locator('html')).toHaveAttribute('lang', language)
    await inspect(page, 'sign-in')
    await page.locator('[name=email]').fill('owner@acme.test')
    await page.locator('[name=password]').fill(password)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { level: 1, name: 'Acme Hosting' })).toBeVisible()
    const account = new URL(page.url()).pathname

    await visit(page, '/me')
    await page.getByRole('combobox').last().selectOption(language)
    const save = page.locator('main form').first().locator('button[type=submit]')
    if (await save.isEnabled()) await save.click()
    await expect(page.locator('html')).toHaveAttribute('lang', language)
    await inspect(page, 'profile')
    const dialog = page.getByRole('dialog')
    await page.locator('main li button').first().click()
    await dialog.locator('[name=phone]').fill('+4915155501234')
    await inspect(page, 'number')
    await dialog.locator('button[type=submit]').click()
    await dialog.locator('[name=password]').fill(password)
    await page.keyboard.press('Enter')
    await expect(dialog.locator('[name=code]')).toBeVisible()
    await inspect(page, 'number-code')
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await page.locator('main li').first().scrollIntoViewIfNeeded()
    await inspect(page, 'numbers')
    await page.locator('main li').first().getByRole('button').last().click()
    await inspect(page, 'number-remove')
    await dialog.getByRole('button').last().click()
    await expect(dialog).toBeHidden()

    await visit(page, '/me/api-tokens')
    await inspect(page, 'tokens')
    await page.locator('main section button').first().click()
    await dialog.locator('button[type=submit]').click()
    await inspect(page, 'new-token')
    await dialog.locator('input').first().fill('Backup script')
    for (const scope of await dialog.locator('[type=checkbox]').all()) await scope.check()
    await dialog.locator('button[type=submit]').click()
    await dialog.locator('[name=password]').fill(password)
    await page.keyboard.press('Enter')
    await expect(dialog.locator('code')).toBeVisible()
    await inspect(page, 'made-token')
    await page.keyboard.press('Escape')
    await expect(page.locator('main li')).not.toHaveCount(0)
    await inspect(page, 'tokens-listed')

    for (const [label, path] of Object.entries({
      overview: account,
      services: `${account}/services`,
      domains: `${account}/services?kind=domain`,
      members: `${account}/members`,
      measured: `${account}/members?two_factor=missing&minimum_strength=no_email_no_sms`,
      settings: `${account}/settings`,
      security: '/me/security',
      nowhere: '/nowhere',
    })) {
      await visit(page, path)
      await inspect(page, label)
    }

    await visit(page, `${account}/catalogue`)
    await page.locator('main li button').first().click()
    await expect(page.getByRole('alert')).toBeVisible()
    await inspect(page, 'catalogue')
    await visit(page, `${account}/cart`)
    await expect(page.locator('main li input')).toHaveValue(/[1-9]/)
    await inspect(page, 'cart')

    await visit(page, `${account}/members`)
    await page.locator('main h1').locator('xpath=../../..').getByRole('button').first().click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await inspect(page, 'invite')
    await page.keyboard.press('Escape')

    await visit(page, `${account}/settings`)
    await page.getByRole('button', { name: /2FA/ }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    const enforce = page.getByRole('dialog')
    await enforce.locator('select').nth(1).selectOption('days')
    for (const summary of await enforce.locator('summary').all()) await summary.click()
    await expect(enforce.locator('details li').first()).toBeVisible()
    await inspect(page, 'enforce')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /incident|Vorfall/ }).click()
    await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible()
    await inspect(page, 'incident')

    await visit(page, `${account}/audit`)
    await page.locator('main section').first().getByRole('button').first().click()
    await dialog.locator('[name=password]').fill(password)
    await inspect(page, 'confirm-report')
    await page.keyboard.press('Enter')
    await expect(page.locator('main section').first().getByRole('listitem').first()).toBeVisible()
    await page.locator('main details summary').first().click()
    await inspect(page, 'audit')

    await visit(page, '/me/security?start=enable')
    await expect(page.getByRole('dialog')).toBeVisible()
    await expect(page).toHaveURL(/security$/)
    await inspect(page, 'methods')
    await dialog.locator('li').nth(2).getByRole('button').click()
    await expect(dialog.locator('[name=backup]')).toBeVisible()
    await inspect(page, 'methods-number')

    await page.goto(`${portal.url}/docs#putTwoFactor`)
    await inspect(page, 'reference')

    if (width < 500) {
      await visit(page, account)
      await page.locator('header button').first().click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'menu')
    }
    expect(mistakes).toEqual([])
    await context.close()
  })
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(portal.url + path)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('main').getByRole('status', { name: /^(Loading|Wird geladen)$/ })).toHaveCount(0)
}
