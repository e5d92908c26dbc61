import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const system = useSystem(() => ({ backend: 'embedded', env: { ...models.env('chat'), ...QUICK_RECOVERY } }))
const visitor = useVisitor()

const LIMITED = { key: 'limited', role: 'writer', title: 'Has a limit', budget: { tokens: 50_000, costUsd: 1 } }
const FREE = { key: 'free', role: 'writer', title: 'Has none', dependsOn: ['limited'] }

const budgetRow = (page: Page, title: string) =>
  page.getByRole('group', { name: 'Budget by task', exact: true }).getByRole('row').filter({ hasText: title })

test('the budget of each task is told while it works, and after', async () => {
  const goal = 'Tell what each task has spent'
  const held = holdCalls()
  models.script(goal, (call) => held.hold(call, { say: 'It is done.' }))
  const { id } = await system().client.runs.create({ goal, plan: { tasks: [LIMITED, FREE] } })
  await held.untilHeld()
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${id}?view=cost`)
  await budgetRow(page, 'Has a limit')
    .getByText(/^of 50,000, [\d,]+ held$/)
    .waitFor()
  await budgetRow(page, 'Has none').getByText('no limit of its own').waitFor()
  held.release()
  await budgetRow(page, 'Has a limit').getByText('120', { exact: true }).waitFor()
  await held.untilHeld()
  held.stopHolding()
  await untilEnded(system().client, id)
  await budgetRow(page, 'Has none').getByText('120', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Has a limit' }).click()
  const own = page.getByRole('group', { name: 'Budget of the task' })
  const tokens = own.getByRole('row').filter({ hasText: 'Tokens' }).locator('td')
  await expect
    .poll(() => tokens.allTextContents(), { timeout: 30_000 })
    .toEqual(['Tokens', '120 tokens', '0 tokens', '50,000 tokens'])
})

test.each(['light', 'dark'] as const)(
  'a call that a cancel has cut off is told, and what it cost (%s)',
  async (theme) => {
    const goal = `Cut a call off, in the ${theme} theme`
    const held = holdCalls()
    models.script(goal, (call) => held.hold(call, { say: 'Never read.' }))
    const { id } = await system().client.runs.create({ goal, plan: { tasks: [LIMITED, FREE] } })
    await held.untilHeld()
    const page = await visitor.open({ theme })
    await page.goto(`${system().url}/runs/${id}?view=cost`)
    await budgetRow(page, 'Has a limit').waitFor()
    await keepShot(page, `money-held-${theme}`)
    await system().client.runs.cancel(id)
    await page.getByRole('group', { name: 'By task', exact: true }).getByText('limited').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepShot(page, `money-cancelled-${theme}`)
    await page.getByRole('link', { name: 'Has a limit' }).click()
    await page.getByText('a call that was cut off').waitFor()
    await page.getByText('It was cut off: the run was cancelled. Its answer was not kept.').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByText(/1 model call that was cut off after [\d.]+ m?s\.$/).waitFor()
    await keepShot(page, `money-cut-off-${theme}`)
    await page.goBack()
    await page.getByText('0 of 2 done').waitFor()
    const views = page.getByRole('navigation', { name: 'Views of the run' })
    await views.getByRole('link', { name: 'Timeline' }).click()
    await page.getByText('1 task never began, and has no line here.').waitFor()
    await keepShot(page, `money-cancelled-timeline-${theme}`)
    await views.getByRole('link', { name: 'Explain' }).click()
    await page.getByText(/^It was cancelled on .+, while executing, with 0 of 2 tasks done\./).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepShot(page, `money-cancelled-explain-${theme}`)
    await page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name: 'Tasks' }).click()
    await page.getByRole('link', { name: 'Has none' }).click()
    await page.getByText('no limit of its own').waitFor()
    await page.getByText('No verdict: it was cancelled.').waitFor()
    await expect.poll(() => page.getByText('It was cancelled before it began.').count(), { timeout: 30_000 }).toBe(3)
    await keepShot(page, `money-never-begun-${theme}`)
    held.stopHolding()
  },
)

test.each(['light', 'dark'] as const)('a result says what a failed task has left (%s)', async (theme) => {
  const goal = `Leave a document that is not accepted, in the ${theme} theme`
  const file = { name: 'report.md', content: 'The report.' }
  models.script(goal, ({ task, turn }) =>
    task === 'document' && turn === 1
      ? { call: [{ tool: 'write_artifact', arguments: file }] }
      : { say: 'What was wanted.' },
  )
  const document = {
    key: 'document',
    role: 'writer',
    title: 'Write the document',
    dependsOn: ['first'],
    tools: ['write_artifact'],
    verify: [{ rule: 'contains', value: 'never said' } as const],
  }
  const first = { key: 'first', role: 'writer', title: 'Come first' }
  const { id } = await system().client.runs.create({ goal, plan: { tasks: [first, document] } })
  await untilEnded(system().client, id)
  const page = await visitor.open({ theme })
  await page.goto(`${system().url}/runs/${id}?view=result`)
  const failed = page.getByRole('group', { name: 'Where it failed' })
  await failed.getByText('What it had written is not accepted:').waitFor()
  await failed.getByRole('link', { name: 'report.md' }).waitFor()
  await page
    .getByRole('group', { name: 'Deliverables', exact: true })
    .getByText('of a task that failed, not accepted')
    .waitFor()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, `money-failed-result-${theme}`)
  await failed.getByRole('link', { name: 'its output' }).click()
  await page.getByText(/^It failed: /).waitFor()
  await keepShot(page, `money-failed-task-${theme}`)
})

test('a refused resume leads to the button Budget, and is forgotten once the limit is raised', async () => {
  const goal = 'Rest at a budget'
  models.script(goal, () => ({ say: 'It is done.' }))
  const { client, url } = system()
  const { id } = await client.runs.create({
    goal,
    plan: { tasks: [{ key: 'free', role: 'writer' }] },
    budget: { tokens: 700, onExceeded: 'pause' },
  })
  await expect.poll(async () => (await client.runs.get(id)).status, { timeout: 30_000 }).toBe('paused')
  const page = await visitor.open()
  visitor.expectFailures(page)
  await page.goto(`${url}/runs/${id}`)
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  const refusal = page.getByRole('alert').filter({ hasText: 'That was not possible.' })
  await refusal.getByText('with the button Budget').waitFor()
  expect(await refusal.textContent()).not.toContain('flotilla runs')
  await page.getByRole('button', { name: 'Budget', exact: true }).click()
  await page.getByLabel('Tokens', { exact: true }).fill('500000')
  await page.getByRole('button', { name: 'Change the budget' }).click()
  await untilEnded(client, id)
  await refusal.waitFor({ state: 'detached' })
})
