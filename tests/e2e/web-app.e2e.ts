import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { until } from '@flotilla/testing'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelCall, type ModelServer } from './fixture/model-server.ts'
import { byMode, analysis, plan } from './fixture/planned.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'
import type { Reply } from './wire/protocol.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const system = useSystem(() => ({
  backend: 'embedded',
  env: { ...models.env('chat'), ...QUICK_RECOVERY, FLOTILLA_TOOLS: 'tests/e2e/fixture/payment-tools.ts' },
}))
const visitor = useVisitor()

const PATIENT = { timeout: 30_000 }
const ANSWER = 'It is **done**, see the table.\n\n| a | b |\n|---|---|\n| 1 | 2 |'

/** Two tasks, one after the other; `work` answers what each is asked. */
function scripted(goal: string, work: (call: ModelCall) => Reply | Promise<Reply> = () => ({ say: ANSWER })): void {
  models.script(
    goal,
    byMode({
      ANALYSIS: () => analysis(),
      COORDINATOR: () => plan([{ key: 'gather' }, { key: 'tell', dependsOn: ['gather'] }]),
      TASK_EXECUTION: work,
    }),
  )
}

const state = (page: Page, words: string) => page.locator('main').getByText(words, { exact: true }).first()
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const view = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name })
const runIdOf = (page: Page): string => /run_[0-9a-z]+/.exec(page.url())?.[0] ?? 'none'

/** Waits until the page tells as many events as are on record. */
const allEvents = (page: Page): Promise<true | null> =>
  until(
    async () => {
      const { items } = await system().client.runs.events(runIdOf(page), { limit: 1_000 })
      return (await page.getByText(`${items.length} events`, { exact: true }).count()) === 1 || null
    },
    { what: 'the page tells all events' },
  )

/** A run with two tasks that is at work on its first one, opened in a page. */
async function openAtWork(goal: string) {
  const held = holdCalls()
  scripted(goal, (call) => held.hold(call, { say: ANSWER }))
  const { id } = await system().client.runs.create({ goal })
  await held.untilHeld()
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${id}`)
  await state(page, 'executing').waitFor()
  return { id, page, held }
}

describe('a run in the browser', () => {
  test('is created, watched, reloaded in the middle, and read at its end', async () => {
    const goal = 'Tell in the browser what the notes say'
    const held = holdCalls()
    scripted(goal, (call) => (call.task === 'tell' ? held.hold(call, { say: ANSWER }) : { say: 'gathered' }))
    const page = await visitor.open()
    await page.goto(system().url)
    await page.getByRole('link', { name: 'New run' }).click()
    await page.getByLabel('Goal', { exact: true }).fill(goal)
    await page
      .getByLabel('Documents')
      .setInputFiles({ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes\nAll is well.\n') })
    await page.getByText('notes.md').waitFor()
    await page.getByText('analysed by').waitFor()
    await button(page, 'Start the run').click()
    await page.waitForURL(/\/runs\/run_/)
    await held.untilHeld()
    await page.getByLabel('Task graph').getByText('Do gather').waitFor()
    await page.getByText('1 of 2').waitFor()

    await view(page, 'Events').click()
    await allEvents(page)
    await page.getByText('task.completed').waitFor()
    await page.reload()
    await allEvents(page)
    await page.getByText('task.completed').waitFor()

    held.stopHolding()
    await state(page, 'completed').waitFor()
    await view(page, 'Result').click()
    await page.getByRole('cell', { name: '2' }).first().waitFor()
    await page.getByRole('heading', { name: 'Report', exact: true }).waitFor()
    expect(await system().client.runs.get(runIdOf(page))).toMatchObject({ status: 'completed', goal })
  })

  test('is paused, resumed and cancelled, and says what the cancel has ended', async () => {
    const { id, page, held } = await openAtWork('Pause, resume and cancel in the browser')
    await button(page, 'Pause').click()
    await page.getByText('Paused by a person').waitFor()
    held.release()
    await button(page, 'Resume').click()
    await held.untilHeld()
    await state(page, 'executing').waitFor()
    await button(page, 'Cancel').click()
    await button(page, 'Cancel the run').click()
    await page.getByText('Cancelled while executing').waitFor()
    await state(page, 'cancelled').waitFor()
    expect(await system().client.runs.get(id)).toMatchObject({ status: 'cancelled' })
    held.stopHolding()
  })

  test('catches up when its tab is looked at again', async () => {
    const { page, held } = await openAtWork('Out of sight in the browser')
    const setHidden = (hidden: boolean): Promise<void> =>
      page.evaluate(`{
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} })
        document.dispatchEvent(new Event('visibilitychange'))
      }`)
    await view(page, 'Events').click()
    await setHidden(true)
    held.stopHolding()
    const { events } = await untilEnded(system().client, runIdOf(page))
    await setHidden(false)
    await state(page, 'completed').waitFor()
    await page.getByText(`${events.length} events`, { exact: true }).waitFor()
    await expect.poll(() => page.getByText('run.completed').isVisible(), PATIENT).toBe(true)
  })

  test('changes its budget', async () => {
    const { id, page, held } = await openAtWork('Give it a budget in the browser')
    await button(page, 'Budget').click()
    await page.getByLabel('Tokens', { exact: true }).fill('500000')
    await button(page, 'Change the budget').click()
    await page.getByText('of 500,000 tokens').waitFor()
    expect((await system().client.runs.get(id)).budget.limits).toMatchObject({ tokens: 500_000 })
    held.stopHolding()
    await state(page, 'completed').waitFor()
  })
})

test('a call of which nobody knows whether it took effect is decided in the inbox', async () => {
  const { client, dataDir, url } = system()
  const goal = 'Pay out and be asked about it'
  const file = path.join(dataDir, 'paid.log')
  models.script(goal, ({ turn }) =>
    turn === 1 ? { call: [{ tool: 'pay_out', arguments: { file } }] } : { say: 'paid and told' },
  )
  const { id } = await client.runs.create({
    goal,
    plan: { tasks: [{ key: 'a', role: 'writer', title: 'Pay', tools: ['pay_out'] }] },
  })
  await until(async () => (await readFile(file, 'utf8').catch(() => '')) !== '', { what: 'the tool has done its work' })
  const killed = await system().kill('worker-1')
  await system().untilBack('worker-1', killed)
  await untilEvent(client, id, ({ type }) => type === 'approval.requested')
  await writeFile(`${file}.open`, '')
  const page = await visitor.open()
  await page.goto(`${url}/runs/${id}/tasks/a`)
  await state(page, 'awaiting a decision').waitFor()
  await page.getByRole('link', { name: /Approvals\s*1 waiting/ }).click()
  await page.getByRole('heading', { name: 'Did this call of pay_out take effect?' }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await page.getByLabel('What it answered').fill('paid, says the bank')
  await button(page, 'It happened').click()
  await page.getByText('Nothing waits for you').waitFor()
  await untilEnded(client, id)
  expect(models.calls(goal).at(-1)?.text).toContain('paid, says the bank')
})

test('an api that dies is told, nothing that was typed is lost, and all goes on when it is back', async () => {
  const { page, held } = await openAtWork('Outlive the api in the browser')
  visitor.expectFailures(page)
  const typing = await visitor.open()
  visitor.expectFailures(typing)
  await typing.goto(`${system().url}/new`)
  await typing.getByLabel('Goal', { exact: true }).fill('Typed before the api died')
  await page.route('**/*', (route) => route.abort('connectionrefused'))
  await typing.route('**/*', (route) => route.abort('connectionrefused'))
  const killed = await system().kill('api')
  await page.getByText('The server does not answer').first().waitFor()
  await button(typing, 'Start the run').click()
  await typing.getByText('The run was not created').waitFor()
  await system().untilBack('api', killed)
  held.stopHolding()
  await page.unroute('**/*')
  await typing.unroute('**/*')
  await state(page, 'completed').waitFor()
  await page.getByText('It is asked again every').waitFor({ state: 'detached' })
  expect(await typing.getByLabel('Goal', { exact: true }).inputValue()).toBe('Typed before the api died')
})

test('the keyboard alone creates a run, finds it, opens a task and goes back', async () => {
  const goal = 'Keyboard only'
  scripted(goal)
  const page = await visitor.open()
  await page.goto(system().url)
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await page.getByRole('heading', { name: 'New run' }).waitFor()
  await page.keyboard.type(goal)
  await page.keyboard.press('Control+Enter')
  await state(page, 'completed').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('y')
  await page.getByRole('heading', { name: 'Analytics' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(goal)
  await page.getByRole('option', { name: goal }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: goal }).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('show its tasks')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Do gather' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Conversation' }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'Do gather' }).waitFor()
  expect(page.url()).toContain('view=tasks')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('gather')
  await page.getByRole('option', { name: 'Do gather' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Conversation' }).waitFor()
})

test('j begins at the first run where nothing has the focus', async () => {
  for (const goal of ['The run before', 'The newest run']) {
    scripted(goal)
    const { id } = await system().client.runs.create({ goal })
    await untilEnded(system().client, id)
  }
  const page = await visitor.open()
  await page.goto(system().url)
  await page.getByRole('link', { name: 'The newest run' }).waitFor()
  const atFocus = () => page.evaluate(`document.activeElement?.textContent`)
  await page.keyboard.press('j')
  await expect.poll(atFocus, PATIENT).toContain('The newest run')
  await page.keyboard.press('j')
  await expect.poll(atFocus, PATIENT).toContain('The run before')
})

test('hostile text is shown as text, and nothing of it runs', async () => {
  const hostile = '<img src=x onerror="window.broken=1"> <script>window.broken=1</script>'
  const goal = 'Hostile in all but its goal'
  scripted(goal, () => ({
    say: `${hostile} [go](javascript:window.broken=1) ![p](https://example.com/x.png) <b>bold</b>`,
  }))
  const { id } = await system().client.runs.create({
    goal,
    labels: { team: hostile },
    documents: [{ name: '<svg onload=window.broken=1>.md', content: hostile }],
    plan: { tasks: [{ key: 'a', role: 'writer', title: hostile, instructions: hostile }] },
  })
  await untilEnded(system().client, id)
  const page = await visitor.open()
  for (const place of ['', '?view=tasks', '?view=result', '?view=explain', '?view=plan', '/tasks/a']) {
    await page.goto(`${system().url}/runs/${id}${place}`)
    await page.getByText('<script>').first().waitFor()
  }
  await page.getByText('[picture: p]').first().waitFor()
  expect(await page.locator('main a[href^="javascript"]').count()).toBe(0)
  expect(await page.evaluate('window.broken')).toBeUndefined()
})

/** Waits until it has the focus. */
const focused = (page: Page, field: Locator): Promise<void> => field.and(page.locator(':focus')).waitFor()

test('bad input is told where it is typed, and creates nothing until it is put right', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/new`)
  await button(page, 'Start the run').click()
  await page.getByText('The goal is empty: say in a sentence or more').first().waitFor()
  const goal = page.getByLabel('Goal', { exact: true })
  await focused(page, goal)
  await goal.fill('x'.repeat(32_001))
  await page.getByText('Expected at most 32,000 characters, found 32,001').first().waitFor()
  await goal.fill('Weigh what is typed')
  await page.getByLabel('Labels').fill('no label')
  await page.getByText('Expected labels as key:value').first().waitFor()
  const tokens = page.getByLabel('At most tokens')
  await tokens.fill('1e99')
  await button(page, 'Start the run').click()
  await page.getByText('from 1 to 1,000,000,000,000, found 1e+99').first().waitFor()
  await focused(page, tokens)
  expect(await axeViolations(page)).toEqual([])
  await tokens.fill('4000')
  await page.getByText('The limit is below what it is expected to take').waitFor()
  expect(await tokens.getAttribute('aria-invalid')).toBe('false')
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, 'new-run-limit-advice')
  await tokens.fill('')
  await page.getByLabel('Documents').setInputFiles([
    { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
    { name: 'b.md', mimeType: 'text/markdown', buffer: Buffer.from([0xff, 0xfe, 0x00]) },
  ])
  await page.getByText('a.png is no image and no PDF').waitFor()
  await page.getByText('b.md is no UTF-8 text').waitFor()
  await page.getByLabel('Labels').fill('')
  await button(page, 'Start the run').click()
  await page.getByText('What was refused is no document of the run').first().waitFor()
  await focused(page, button(page, 'Choose files'))
  expect(page.url()).toBe(`${system().url}/new`)
  await page.getByRole('button', { name: /^Go on without it: .*a\.png/ }).click()
  await page.getByRole('button', { name: /^Go on without it: .*b\.md/ }).click()
  await button(page, 'Start the run').click()
  await page.getByRole('heading', { name: 'Weigh what is typed' }).waitFor()
})

test('what the server alone refuses lands at its field, and all else is told with the id of the request', async () => {
  const page = await visitor.open()
  visitor.expectFailures(page)
  await page.goto(`${system().url}/new`)
  await page.getByLabel('Goal', { exact: true }).fill('Refused by the server')
  const refuse = (problem: object) =>
    page.route('**/v1/runs', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({
            status: 422,
            contentType: 'application/problem+json',
            body: JSON.stringify({ type: 'x', title: 'x', status: 422, requestId: 'req-of-test', ...problem }),
          })
        : route.continue(),
    )
  await refuse({
    code: 'invalid_input',
    detail: '2 errors; the first: /budget/costUsd: raw',
    errors: [
      { path: '/budget/costUsd', message: 'expected more than the smallest call costs' },
      { path: '/budget/toolCalls', message: 'expected fewer' },
    ],
  })
  await button(page, 'Start the run').click()
  const cost = page.getByLabel('At most US dollars')
  await page.getByText('Expected more than the smallest call costs.').first().waitFor()
  await focused(page, cost)
  await page.getByText('Budget, tool calls: expected fewer.').waitFor()
  await page.getByText('req-of-test').waitFor()
  expect(await page.getByText('/budget/costUsd').count()).toBe(0)
  await cost.fill('5')
  await page.getByText('Expected more than the smallest call costs.').first().waitFor({ state: 'hidden' })
})

test('an agent is made and changed', async () => {
  const { client, url } = system()
  const page = await visitor.open()
  await page.goto(`${url}/agents`)
  await page.getByRole('link', { name: 'New agent' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Browser agent')
  await page.getByLabel('Role', { exact: true }).fill('painter')
  await button(page, 'Create the agent').click()
  await page.getByText('version 1', { exact: true }).waitFor()
  await page.getByLabel('What it does').fill('Paints')
  await button(page, 'Save a new version').click()
  await page.getByText('Saved as version 2').waitFor()
  const { items } = await client.agents.list({ role: 'painter' })
  expect(items).toMatchObject([{ name: 'Browser agent', version: 2, description: 'Paints', tools: expect.anything() }])
  visitor.expectFailures(page)
  await page.getByLabel('Turns at most').fill('-3')
  await button(page, 'Save a new version').click()
  await page.getByText('Not saved: see the marked fields.').waitFor()
  await page.getByText('Expected at least 1, not -3.').waitFor()
  await page.getByRole('link', { name: 'Fleet' }).click()
  await button(page, 'Go back to it').click()
  expect(await page.getByLabel('Turns at most').inputValue()).toBe('-3')
  await page.getByRole('link', { name: 'Fleet' }).click()
  await button(page, 'Leave it').click()
  await page.getByRole('heading', { name: 'Fleet' }).waitFor()
})

test('a session that a proxy before the server refuses is told what to do', async () => {
  const page = await visitor.open()
  visitor.expectFailures(page)
  await page.route('**/v1/runs*', (route) =>
    route.fulfill({ status: 401, contentType: 'text/html', body: '<h1>Sign in</h1>' }),
  )
  await page.goto(system().url)
  await page.getByRole('alert').getByText('You are not signed in').waitFor()
  expect(await axeViolations(page)).toEqual([])
  await page.unroute('**/v1/runs*')
  await page.route('**/v1/runs', (route) =>
    route.fulfill({ status: 403, contentType: 'text/html', body: '<h1>No</h1>' }),
  )
  await page.goto(`${system().url}/new`)
  await page.getByLabel('Goal').fill('Compare two queues')
  await page.getByRole('button', { name: /^Start/ }).click()
  await page.getByRole('alert').getByText('Your session has no right to this').waitFor()
  expect(await page.getByLabel('Goal').inputValue()).toBe('Compare two queues')
})

test('what is not there is said, with what to do', async () => {
  const page = await visitor.open()
  visitor.expectFailures(page)
  await page.goto(`${system().url}/runs/run_01aaaaaaaaaaaaaaaaaaaaaaaa`)
  await page.getByRole('alert').waitFor()
  await page.goto(`${system().url}/no/such/page`)
  await page.getByText('Nothing is at this address').waitFor()
  await expect.poll(() => page.getByRole('link', { name: 'All runs' }).isVisible(), PATIENT).toBe(true)
})
