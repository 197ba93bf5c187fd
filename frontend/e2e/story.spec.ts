import { type Browser, expect, test } from '@playwright/test'
import { inspect, listenForMistakes } from './checks'
import { Person } from './person'
import { type Portal, startPortal } from './portal'

async function arrive(
  browser: Browser,
  email: string,
  url: string,
): Promise<{ person: Person; mistakes: string[] }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  return { person: new Person(page, email, url), mistakes: listenForMistakes(page) }
}

for (const house of [
  { name: 'on SQLite', postgres: false, replicas: 1 },
  { name: 'on PostgreSQL, the owner and the member on different replicas', postgres: true, replicas: 2 },
]) {
  test.describe(house.name, () => {
    let portal: Portal
    test.beforeAll(async () => {
      portal = await startPortal(house)
    })
    test.afterAll(async () => {
      await portal?.stop()
    })

    test('an owner closes the second door for a whole company, and opens it again', async ({ browser }) => {
      await story(browser, portal)
    })
  })
}

async function story(browser: Browser, portal: Portal): Promise<void> {
  test.setTimeout(300_000)
  const { person: owner, mistakes: ownersMistakes } = await arrive(browser, 'owner@acme.test', portal.url)
  const { person: member, mistakes: membersMistakes } = await arrive(
    browser,
    'member@acme.test',
    portal.urls.at(-1) ?? portal.url,
  )

  await test.step('the owner signs in', async () => {
    await owner.open()
    await expect(owner.page.getByLabel('E-mail address')).toBeFocused()
    await inspect(owner.page, 'sign-in')
    await owner.givePassword()
    await expect(owner.page.getByRole('heading', { name: 'Acme Hosting', level: 1 })).toBeVisible()
    await inspect(owner.page, 'overview')
  })

  await test.step('the owner sets up an authenticator app under My Account, Account Security', async () => {
    const { page } = owner
    await page.getByRole('button', { name: /user menu/ }).click()
    await page.getByRole('menuitem', { name: 'My Account' }).click()
    await page.getByRole('link', { name: 'Account Security' }).click()
    // A reload forgets what the sign-in has shown: setting up has to be confirmed.
    await page.reload()
    await expect(page.getByText('Not enabled')).toBeVisible()
    await inspect(page, 'security-before')
    await page.getByRole('button', { name: 'Set up two-factor authentication' }).click()
    await inspect(page, 'enrolment-method')
    await page.getByRole('button', { name: 'Configure Authenticator App' }).click()
    await expect(page.getByRole('dialog', { name: 'Confirm that it is you' })).toBeVisible()
    await inspect(page, 'confirmation')
    await owner.confirm()
    await owner.scan()
    await inspect(page, 'enrolment-code')
    await page.getByRole('textbox', { name: 'Code' }).fill(await owner.code())
    await expect(page.getByRole('button', { name: 'Okay' })).toBeVisible()
    await expect(
      page.getByRole('list', { name: 'Sallyport recovery codes' }).getByRole('listitem'),
    ).toHaveCount(10)
    await inspect(page, 'enrolment-recovery-codes')
    await page.getByRole('button', { name: 'Okay' }).click()
    await expect(page.getByText('Two-factor authentication is enabled.')).toBeVisible()
    await expect(page.getByText('Enabled', { exact: true })).toBeVisible()
    await inspect(page, 'security-after')
  })

  await test.step('a member works in an open tab', async () => {
    await member.signIn()
    await member.menu.getByRole('link', { name: 'Members' }).click()
    await expect(member.page.getByText('owner@acme.test')).toBeVisible()
    await inspect(member.page, 'members-of-a-member')
  })
  const placeOfMember = member.page.url()

  // Speaks German, and is in the middle of something.
  const { person: contractor, mistakes: contractorsMistakes } = await arrive(
    browser,
    'contractor@acme.test',
    portal.url,
  )
  const contractorsWindow = contractor.page.getByRole('dialog', {
    name: 'Zwei-Faktor-Authentifizierung ist erforderlich',
  })
  await test.step('a contractor has a dialog open', async () => {
    await contractor.open('/me/security?start=enable')
    await contractor.givePassword()
    await expect(contractor.dialog).toHaveAccessibleName('Zwei-Faktor-Authentifizierung einrichten')
  })

  await test.step('the owner enforces it; the open tab shows the window within a second', async () => {
    const { page } = owner
    await owner.menu.getByRole('link', { name: 'Account settings' }).click()
    await inspect(page, 'settings')
    await page.getByRole('button', { name: 'Enforce 2FA' }).click()
    const dialog = page.getByRole('dialog', { name: 'Enforce two-factor authentication' })
    await expect(dialog.getByText(/3 of 4 members/)).toBeVisible()
    const enforce = dialog.getByRole('button', { name: 'Enforce' })
    await dialog.getByLabel(/SP-100001/).fill('SP-10000')
    await expect(enforce).toBeDisabled()
    await dialog.getByLabel(/SP-100001/).fill('SP-100001')
    await inspect(page, 'enforce')

    const enforced = page.waitForResponse(
      (r) => r.url().endsWith('/two-factor') && r.request().method() === 'PUT' && r.ok(),
    )
    await enforce.click()
    await owner.confirmFor(page.getByText('Two-factor authentication is enforced for'))
    await enforced
    const since = Date.now()
    await expect(member.window).toBeVisible({ timeout: 1000 })
    await expect(contractorsWindow).toBeVisible()
    await expect(contractor.dialog).toHaveCount(1)
    console.log(`    the window took ${Date.now() - since} ms`)
    await expect(page.getByText(/Enforced by/)).toBeVisible()
    await inspect(page, 'enforced')
  })

  await test.step('behind the window there is nothing to see and nothing to reach', async () => {
    const { page } = member
    await inspect(page, 'window')
    const shell = page.locator('[data-empty-shell]')
    await expect(shell).toHaveAttribute('inert', '')
    await expect(shell.locator('input')).toBeDisabled()
    for (const button of await shell.locator('button').all()) await expect(button).toBeDisabled()
    await expect(shell.locator('a')).toHaveCount(0)
    const text = await page.locator('body').innerText()
    for (const secret of ['Acme', 'SP-100001', 'acme.test']) expect(text).not.toContain(secret)
    for (let press = 0; press < 12; press++) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.closest('[data-empty-shell]') === null)).toBe(
        true,
      )
    }
    await page.keyboard.press('Escape')
    await expect(member.window).toBeVisible()
    await page.reload()
    await expect(member.window).toBeVisible()
    expect(page.url()).toBe(placeOfMember)
  })

  await test.step('the member comes back in with at most five inputs', async () => {
    const { page } = member
    let inputs = 0
    const input = async (act: Promise<void>) => {
      inputs++
      await act
    }
    await input(member.window.getByRole('button', { name: 'Configure Authenticator App' }).click())
    const confirmation = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await confirmation.or(page.getByAltText('QR code for your authenticator app')).first().waitFor()
    if (await confirmation.isVisible()) {
      inputs += 2
      await member.confirm()
    }
    await member.scan()
    await inspect(page, 'window-code')
    await input(page.getByRole('textbox', { name: 'Code' }).fill(await member.code()))
    await expect(page.getByRole('button', { name: 'Okay' })).toBeVisible()
    await inspect(page, 'window-recovery-codes')
    await input(page.getByRole('button', { name: 'Okay' }).click())
    await expect(page.getByText('You are signed in.')).toBeVisible()
    expect(page.url()).toBe(placeOfMember)
    await expect(page.getByText('owner@acme.test')).toBeVisible()
    expect(inputs).toBeLessThanOrEqual(5)
    console.log(`    ${inputs} inputs`)
  })

  await test.step('it is required, so there is no way to disable it', async () => {
    await member.open('/me/security')
    await expect(member.page.getByText('Acme Hosting requires it for all its members.')).toBeVisible()
    await expect(member.page.getByRole('button', { name: 'Disable 2FA' })).toBeHidden()
    await inspect(member.page, 'security-required')
  })

  await test.step('the member signs out, and is asked for a code at the next sign-in', async () => {
    const { page } = member
    await member.open(new URL(placeOfMember).pathname)
    await member.signOut()
    await member.open(new URL(placeOfMember).pathname)
    await member.givePassword()
    await expect(page.getByRole('heading', { name: 'Two-factor authentication' })).toBeVisible()
    await inspect(page, 'second-factor')
    await page.getByRole('textbox', { name: 'Code' }).fill(member.authenticator?.wrong() ?? '')
    await expect(page.getByRole('alert')).toContainText(/attempts? left/i)
    await inspect(page, 'second-factor-wrong')
    await page.getByRole('textbox', { name: 'Code' }).fill(await member.code())
    await expect(member.menu).toBeVisible()
    expect(page.url()).toBe(placeOfMember)
  })

  await test.step('the owner lifts it; the factor stays', async () => {
    const { page } = owner
    await page.getByRole('button', { name: 'Lift enforcement' }).click()
    const dialog = page.getByRole('dialog', { name: 'Lift the enforcement?' })
    await inspect(page, 'lift')
    await dialog.getByLabel(/SP-100001/).fill('SP-100001')
    await dialog.getByRole('button', { name: 'Lift enforcement' }).click()
    await owner.confirmFor(page.getByText('no longer enforced'))

    await member.open('/me/security')
    await expect(member.page.getByText('Enabled', { exact: true })).toBeVisible()
    await expect(member.page.getByRole('button', { name: 'Disable 2FA' })).toBeVisible()
  })

  await test.step('everybody was told by e-mail', async () => {
    await member.open('/demo/messages')
    await member.page.getByRole('searchbox').fill(member.email)
    await expect(member.page.locator('summary').first()).toBeVisible()
    await inspect(member.page, 'messages')
  })

  expect(ownersMistakes).toEqual([])
  expect(membersMistakes).toEqual([])
  expect(contractorsMistakes).toEqual([])
}
