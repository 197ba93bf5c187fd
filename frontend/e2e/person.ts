import { expect, type Locator, type Page } from '@playwright/test'
import { Authenticator } from './authenticator'
import type { Mailbox } from './mailbox'

export const password = 'sallyport-demo-1'

/** What a person does in the portal, in their own browser. */
export class Person {
  authenticator: Authenticator | undefined
  readonly page: Page
  readonly email: string
  private readonly url: string

  constructor(page: Page, email: string, url: string) {
    this.page = page
    this.email = email
    this.url = url
  }

  async open(path = '/'): Promise<void> {
    await this.page.goto(this.url + path)
  }

  /** E-mail address and password, on whatever page asks for them. */
  async givePassword(): Promise<void> {
    await this.page.getByLabel('E-mail address').fill(this.email)
    await this.page.getByLabel('Password', { exact: true }).fill(password)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
  }

  async signIn(path = '/'): Promise<void> {
    await this.open(path)
    await this.givePassword()
    await expect(this.menu).toBeVisible()
  }

  /** Signs in and sets up an authenticator app. */
  async protect(): Promise<void> {
    await this.open('/me/security?start=enable')
    await this.givePassword()
    await this.page.getByRole('button', { name: 'Configure Authenticator App' }).click()
    await this.confirmFor(this.page.getByAltText('QR code for your authenticator app'))
    await this.scan()
    await this.page.getByRole('textbox', { name: 'Code' }).fill(await this.code())
    await this.page.getByRole('button', { name: 'Okay' }).click()
    await expect(this.page.getByText('Two-factor authentication is enabled.')).toBeVisible()
    await this.open()
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('button', { name: /user menu/ }).click()
    await this.page.getByRole('menuitem', { name: 'Sign out' }).click()
    await expect(this.page.getByText('You are signed out.')).toBeVisible()
  }

  /** Reads the key off the page, as a camera would. */
  async scan(): Promise<void> {
    await expect(this.page.getByAltText('QR code for your authenticator app')).toBeVisible()
    const key = await this.dialog.locator('code').first().innerText()
    this.authenticator = new Authenticator(key)
  }

  async code(): Promise<string> {
    if (!this.authenticator) throw new Error(`${this.email} has no authenticator app.`)
    return this.authenticator.code()
  }

  /** Answers the confirmation dialog, with whatever it asks for. */
  async confirm(): Promise<void> {
    const dialog = this.confirmation
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    if (this.authenticator && (await dialog.getByText('a current code').isVisible()))
      await dialog.getByLabel('Code').fill(await this.code())
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await expect(dialog).toBeHidden()
  }

  /** The same where it comes up before `next` does: what was shown a moment ago still counts, until a reload. */
  async confirmFor(next: Locator, mailbox?: Mailbox): Promise<void> {
    await this.confirmation.or(next).first().waitFor()
    if (await this.confirmation.isVisible())
      await (mailbox ? this.confirmBySentCode(mailbox) : this.confirm())
    await next.first().waitFor()
  }

  /** The same with a code that is sent, and read where it arrives. */
  async confirmBySentCode(mailbox: Mailbox): Promise<void> {
    const dialog = this.confirmation
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    await dialog.getByRole('button', { name: /^Send a code to/ }).click()
    await dialog.getByRole('textbox', { name: 'Code' }).fill(await mailbox.code())
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await expect(dialog).toBeHidden()
  }

  get confirmation() {
    return this.page.getByRole('dialog', { name: 'Confirm that it is you' })
  }

  get menu() {
    return this.page.getByRole('navigation', { name: 'Main menu' })
  }

  get dialog() {
    return this.page.getByRole('dialog')
  }

  get window() {
    return this.page.getByRole('dialog', { name: 'Two-factor authentication is required' })
  }
}
