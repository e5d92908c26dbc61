import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { until } from '@flotilla/testing'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { ROOT } from './fixture/program.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const PHONE = 390
const FINGER_PX = 40
/** What else is read of the run may move or fill what is looked at. */
const PATIENT = { timeout: 30_000 }
const VIEWS = ['Graph', 'Tasks', 'Timeline', 'Board', 'Events', 'Result', 'Documents', 'Explain', 'Cost', 'Plan']

const EXAMPLE = path.join(ROOT, 'examples/durability')
const documents = readdirSync(EXAMPLE)
  .toSorted()
  .map((name) => ({ name, content: readFileSync(path.join(EXAMPLE, name), 'utf8') }))

const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_MODEL: '' } }))
const visitor = useVisitor()

let run: string
beforeAll(async () => {
  const { client } = system()
  const created = await client.runs.create({
    goal: 'Compare the durability guarantees described in these documents and recommend one queue',
    documents,
    labels: { team: 'platform' },
    budget: { tokens: 400_000, costUsd: 2, toolCalls: 200, seconds: 900 },
  })
  run = created.id
  await untilEnded(client, run)
})

const open = async (width: number, address: string, shows: string): Promise<Page> => {
  const page = await visitor.open({ width })
  await page.goto(`${system().url}${address}`)
  await page.getByText(shows).filter({ visible: true }).first().waitFor()
  return page
}

/** What tables say of their rows: titles of columns, and of what stands beneath a row. */
const titlesOf = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(
    `[...new Set([...document.querySelectorAll('[role=group] th, [role=group] td dt')].map((one) => one.textContent))].toSorted()`,
  )

test.each([
  ['agents', () => '/agents', 'Leaderboard'],
  ['fleet', () => '/fleet', 'sweeps every'],
  ['analytics', () => '/analytics', 'By day'],
  ['cost', () => `/runs/${run}?view=cost`, 'By purpose'],
  ['documents', () => `/runs/${run}?view=documents`, documents[0]?.name ?? ''],
  ['result', () => `/runs/${run}?view=result`, 'Download Markdown'],
])('no column of %s is lost on a phone', async (_name, address, shows) => {
  const wide = await open(1280, address(), shows)
  const phone = await open(PHONE, address(), shows)
  await until(async () => JSON.stringify(await titlesOf(wide)) === JSON.stringify(await titlesOf(phone)), {
    what: 'both show the same facts',
  })
  expect(await titlesOf(phone)).not.toEqual([])
})

test('a run and a task say all of theirs in their rows', async () => {
  const page = await open(PHONE, '/', 'Compare the durability')
  const row = page.getByRole('row').filter({ hasText: 'Compare the durability' })
  const ofRun = [
    /completed/,
    /9 of 9 tasks/,
    /quality \d+ %/,
    /\$0/,
    /\d m?s\b/,
    /ago|now/,
    /offline model/,
    /team:platform/,
  ]
  for (const fact of ofRun) await expect.poll(() => row.innerText(), PATIENT).toMatch(fact)
  await page.goto(`${system().url}/runs/${run}?view=tasks`)
  const task = page.getByRole('row').filter({ hasText: '· recommend' })
  const ofTask = [/completed/, /Analyst/, /score \d+ %/, /\d tokens|\dk tokens/, /\$0/, /\d m?s\b/, /after compare/]
  for (const fact of ofTask) await expect.poll(() => task.innerText(), PATIENT).toMatch(fact)
})

test('an event is shown as a whole once it is tapped', async () => {
  const page = await open(PHONE, `/runs/${run}?view=events`, 'run.completed')
  await page.getByRole('button', { name: /run\.completed/ }).tap()
  const whole = page.getByLabel(/^Event \d+$/)
  await whole.getByText('"run.completed"').waitFor()
  await until(() => inside(page, 'pre[aria-label^="Event"]', '#content'), { what: 'the event is in sight' })
})

test('the help is a button', async () => {
  const page = await open(PHONE, '/', 'Compare the durability')
  await page.getByRole('button', { name: 'Help' }).tap()
  await page.getByRole('heading', { name: 'Marks of runs and tasks' }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await page.getByRole('dialog').getByRole('link', { name: 'Fleet' }).tap()
  await page.getByRole('heading', { name: 'Work by pool' }).waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

/** Whether the first of these lies in the frame, from side to side and from top to end. */
const inside = (page: Page, selector: string, frame: string): Promise<boolean> =>
  page.evaluate<boolean>(`(() => {
    const around = document.querySelector(${JSON.stringify(frame)}).getBoundingClientRect()
    return [...document.querySelectorAll(${JSON.stringify(selector)})].every((one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect()
      return left >= around.left - 1 && right <= around.right + 1 && top >= around.top - 1 && bottom <= around.bottom + 1
    })
  })()`)

test('the view that is shown is in sight among the views, and arrows say that there are more', async () => {
  const page = await open(PHONE, `/runs/${run}`, 'Critical path')
  const views = page.getByRole('navigation', { name: 'Views of the run' })
  const after = page.getByRole('button', { name: 'Views after these' })
  await after.waitFor()
  expect(await page.getByRole('button', { name: 'Views before these' }).count()).toBe(0)
  for (const view of VIEWS) {
    await views.getByRole('link', { name: view }).click()
    await views.locator('[aria-current=page]').getByText(view, { exact: true }).waitFor()
    await until(() => inside(page, 'nav[aria-label^=Views] [aria-current=page]', 'nav[aria-label^=Views]'), {
      what: `${view} is in sight`,
    })
  }
  await after.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Views before these' }).tap()
  await after.waitFor()
})

test.each([
  ['run', () => `/runs/${run}`, '.task-graph'],
  ['plan', () => `/runs/${run}?view=plan`, '.task-graph'],
])('the graph of a %s is in sight as a whole, with controls for fingers', async (_name, address, frame) => {
  const page = await open(PHONE, address(), 'Recommend one')
  await page.locator(`${frame} .react-flow__node`).first().waitFor()
  await until(() => inside(page, '.react-flow__node', frame), { what: 'no task is cut off' })
  for (const name of ['Zoom In', 'Zoom Out', 'Fit View']) {
    const box = await page.getByRole('button', { name }).boundingBox()
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44)
  }
  await page.getByRole('button', { name: 'Zoom In' }).tap()
  await until(async () => !(await inside(page, '.react-flow__node', frame)), { what: 'it is larger' })
  await page.getByRole('button', { name: 'Fit View' }).tap()
  await until(() => inside(page, '.react-flow__node', frame), { what: 'it fits again' })
})

test('a graph of 15 tasks begins in sight as a whole, with no task beneath its controls', async () => {
  const readers = Array.from({ length: 12 }, (_, i) => ({ key: `read-${i}`, role: 'researcher', title: `Read ${i}` }))
  const dependsOn = readers.map(({ key }) => key)
  const sides = ['compare', 'contradict'].map((key) => ({ key, role: 'analyst', title: key, dependsOn }))
  const last = { key: 'last', role: 'writer', title: 'Recommend one', dependsOn: ['compare', 'contradict'] }
  const { id } = await system().client.runs.create({
    goal: 'Wide',
    documents,
    plan: { tasks: [...readers, ...sides, last] },
  })
  const page = await open(PHONE, `/runs/${id}`, 'Recommend one')
  await page.locator('.react-flow__node').nth(14).waitFor()
  await until(() => inside(page, '.react-flow__node', '.task-graph'), { what: 'no task is cut off' })
  const covered = (): Promise<number> =>
    page.evaluate<number>(`(() => {
      const control = document.querySelector('.react-flow__controls').getBoundingClientRect()
      return [...document.querySelectorAll('.react-flow__node')].filter((one) => {
        const { right, bottom } = one.getBoundingClientRect()
        return right > control.left && bottom > control.top
      }).length
    })()`)
  await expect.poll(covered, PATIENT).toBe(0)
  await keepShot(page, 'phone-graph-15')
})

test('the budget by task needs no more than the width of a phone', async () => {
  const page = await open(PHONE, `/runs/${run}?view=cost`, 'By purpose')
  const table = page.getByRole('group', { name: 'Budget by task' })
  await table.getByText('Time worked').first().waitFor()
  const beyond = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('[role=group][aria-label="Budget by task"]'))`
  expect(await page.evaluate<number>(beyond)).toBeLessThanOrEqual(0)
  await table.scrollIntoViewIfNeeded()
  await keepShot(page, 'phone-budgets')
})

test.each(['', '/tasks'])(
  'a run that is not there is asked for once, whichever answer comes last: %j',
  async (last) => {
    const page = await visitor.open({ width: PHONE })
    visitor.expectFailures(page)
    const asked: string[] = []
    page.on('request', (request) => {
      if (/\/v1\/runs\/run_0+(\/tasks)?(\?|$)/.test(request.url())) asked.push(request.url())
    })
    const { promise: looked, resolve: goOn } = Promise.withResolvers<void>()
    await page.route(new RegExp(`/v1/runs/run_0+${last}(\\?|$)`), async (route) => {
      await looked
      await route.continue()
    })
    await page.clock.install()
    await page.goto(`${system().url}/runs/run_${'0'.repeat(26)}`)
    await page.getByText('cannot be shown').waitFor()
    await page.clock.runFor(10_000)
    goOn()
    await page.clock.runFor(10_000)
    expect(asked.length).toBeLessThanOrEqual(2)
  },
)

test('a task begins with what it comes to, and leads to its parts', async () => {
  const page = await open(PHONE, `/runs/${run}/tasks/recommend`, 'In short')
  const topOf = async (name: string): Promise<number> =>
    (await page.getByRole('heading', { name, exact: true }).boundingBox())?.y ?? 0
  const order = ['In short', 'Output', 'Verdicts', 'Why this agent', 'Attempts', 'Conversation']
  const seenOrder = async (): Promise<string[]> => {
    const tops = await Promise.all(order.map(async (name) => ({ name, top: await topOf(name) })))
    return tops.toSorted((a, b) => a.top - b.top).map(({ name }) => name)
  }
  await expect.poll(seenOrder, PATIENT).toEqual(order)
  await expect.poll(() => topOf('In short'), PATIENT).toBeLessThan(400)
  await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Conversation' }).tap()
  await until(async () => (await topOf('Conversation')) < 300, { what: 'the conversation is in sight' })
})

test.each([
  ['the list of runs', () => '/', 'Compare the durability'],
  ['a new run', () => '/new', 'What is to be done'],
  ['a run', () => `/runs/${run}`, 'Critical path'],
  ['analytics', () => '/analytics', 'By day'],
  ['an agent', () => '/agents/new', 'Instructions of the agent'],
])('buttons and fields of %s have room for a finger', async (_name, address, shows) => {
  const page = await open(PHONE, address(), shows)
  const small = await page.evaluate<
    string[]
  >(`[...document.querySelectorAll('header a, header button, main button, main select, main summary')]
    .filter((one) => one.closest('.react-flow__node, [role=group] table') === null && one.getClientRects().length > 0)
    .filter((one) => one.getBoundingClientRect().height < ${FINGER_PX})
    .map((one) => one.outerHTML.slice(0, 120))`)
  expect(small).toEqual([])
})
