import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'

/** One look at a page: no accessibility fault, nothing wider than the screen, and a picture among the results. */
export async function inspect(page: Page, name: string): Promise<void> {
  await stillness(page)
  const { violations } = await new AxeBuilder({ page }).analyze()
  const faults = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  )
  expect(faults, name).toEqual([])
  await noOverflow(page, name)
  await page.screenshot({ path: test.info().outputPath(`${name}.png`) })
}

export async function noOverflow(page: Page, name: string): Promise<void> {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }))
  expect(content, `${name} is as wide as the screen`).toBeLessThanOrEqual(screen)
}

/** Contrast cannot be judged in the middle of a fade. */
async function stillness(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const finite = document
      .getAnimations()
      .filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
    await Promise.all(finite.map((animation) => animation.finished.catch(() => undefined)))
  })
}

/** Every mistake that the browser itself reports, but for answers that say no: those are part of the story. */
export function listenForMistakes(page: Page): string[] {
  const mistakes: string[] = []
  page.on('pageerror', (error) => mistakes.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) mistakes.push(text)
  })
  return mistakes
}
