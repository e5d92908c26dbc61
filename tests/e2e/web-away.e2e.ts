import { expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { useSystem } from './fixture/system.ts'

const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_MODEL: '' } }))
const visitor = useVisitor()

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

test('while the server is away pages that were not visited open all the same, and those that are missing come with it', async () => {
  const page = await visitor.open()
  visitor.expectFailures(page)
  const missing = /fleet-page-/
  await page.route(missing, (route) => route.abort('connectionrefused'))
  const last = page.waitForResponse(/analytics-page-/)
  await page.goto(system().url)
  await last
  await page.route('**/*', (route) => route.abort('connectionrefused'))
  await page.getByRole('link', { name: 'Analytics' }).click()
  await page.getByRole('heading', { name: 'Analytics' }).waitFor()
  await page.getByText('The server does not answer').first().waitFor()
  await page.getByRole('link', { name: 'Fleet' }).click()
  await page.getByText('The server does not answer').first().waitFor()
  expect(await page.getByRole('heading', { name: 'Analytics' }).isVisible()).toBe(true)
  await keepShot(page, 'server-away')
  await page.unroute('**/*')
  await page.unroute(missing)
  await page.getByRole('heading', { name: 'Fleet' }).waitFor()
})

test('a new run keeps its documents over a look elsewhere, and says what became of a request without an answer', async () => {
  const page = await visitor.open()
  visitor.expectFailures(page)
  await page.goto(`${system().url}/new`)
  await page.getByLabel('Goal', { exact: true }).fill('Keep what is attached')
  await page
    .getByLabel('Documents')
    .setInputFiles({ name: 'kept.md', mimeType: 'text/markdown', buffer: Buffer.from('# Kept\n') })
  await page.getByText('kept.md').waitFor()
  await page.getByRole('link', { name: 'Agents' }).click()
  await page.getByRole('heading', { name: 'Agents', exact: true }).waitFor()
  await page.goBack()
  await page.getByText('kept.md').waitFor()
  await page.route('**/v1/runs', (route) => route.abort('connectionrefused'))
  await page.route('**/readyz', (route) => route.abort('connectionrefused'))
  await button(page, 'Start the run').click()
  await page.getByText('the run is not sent again by itself').waitFor()
  expect(await axeViolations(page)).toEqual([])
})
