import { expect, type Locator, test } from '@playwright/test'
import { Authenticator } from './authenticator'
import { password } from './person'
import { type Portal, startPortal } from './portal'

let portal: Portal
test.beforeAll(async () => {
  portal = await startPortal()
})
test.afterAll(async () => {
  await portal.stop()
})

test('everything on the way to a second factor can be done without a mouse', async ({ page }) => {
  const { keyboard } = page

  /** Presses Tab until the target has the focus. */
  async function tabTo(target: Locator): Promise<void> {
    await target.waitFor()
    for (let press = 0; press < 60; press++) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await keyboard.press('Tab')
    }
    throw new Error('The keyboard does not get there.')
  }

  await page.goto(portal.url)
  await expect(page.getByLabel('E-mail address')).toBeFocused()
  await keyboard.type('owner@blue.test')
  await keyboard.press('Tab')
  await keyboard.type(password)
  await keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Blue Harbour' })).toBeVisible()

  await page.locator('body').press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()

  await page.keyboard.press('Control+k')
  const search = page.getByRole('combobox', { name: 'Search' })
  await expect(search).toBeFocused()
  await keyboard.type('owner')
  await expect(page.getByRole('option').first()).toBeVisible()
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Members' })).toBeVisible()
  await expect(page.getByRole('list', { name: 'Members' }).getByRole('listitem')).toHaveCount(1)

  await tabTo(page.getByRole('button', { name: /user menu/ }))
  await keyboard.press('Enter')
  await expect(page.getByRole('menu')).toBeVisible()
  await keyboard.press('ArrowDown')
  await expect(page.getByRole('menuitem', { name: 'My Account' })).toBeFocused()
  await keyboard.press('ArrowDown')
  await expect(page.getByRole('menuitem', { name: 'Enable 2FA' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Configure Authenticator App' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused()
  const key = await page.getByRole('dialog').locator('code').first().innerText()
  await keyboard.type(await new Authenticator(key).code())
  await tabTo(page.getByRole('button', { name: 'Okay' }))
  await keyboard.press('Enter')
  await expect(page.getByText('Two-factor authentication is enabled.')).toBeVisible()
})
