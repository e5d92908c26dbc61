import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor, type PageOptions } from './fixture/browser.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { analysis, byMode, plan } from './fixture/planned.ts'
import { untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const system = useSystem(() => ({ backend: 'embedded', env: models.env('chat') }))
const visitor = useVisitor()

function scripted(goal: string): void {
  models.script(
    goal,
    byMode({
      ANALYSIS: () => analysis(),
      COORDINATOR: () => plan([{ key: 'gather' }, { key: 'tell', dependsOn: ['gather'] }]),
      TASK_EXECUTION: () => ({ say: 'done' }),
    }),
  )
}

const state = (page: Page, words: string) => page.locator('main').getByText(words, { exact: true }).first()
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const graph = (page: Page) => page.getByRole('group', { name: 'Plan as a graph' })
const face = (page: Page, title: string) => page.getByRole('button', { name: new RegExp(`^${title}(,|$)`) })
const node = (page: Page, title: string) => graph(page).locator(face(page, title))
/** Beneath the graph; a field that it is about says it, too. */
const circle = (page: Page) => page.getByText('These tasks wait for each other').last()
const runIdOf = (page: Page): string => /run_[0-9a-z]+/.exec(page.url())?.[0] ?? 'none'
const shapeOf = async (runId: string) =>
  (await system().client.plan.get(runId)).tasks.map(({ key, title, dependsOn }) => [key, title, dependsOn])

/** The plan view of a run that the planner has planned and nobody has started. */
async function openPlanned(goal: string, options?: PageOptions): Promise<Page> {
  scripted(goal)
  const { client, url } = system()
  const { id } = await client.runs.create({ goal, start: false })
  await untilEvent(client, id, ({ type }) => type === 'run.awaiting_approval')
  const page = await visitor.open(options)
  await page.goto(`${url}/runs/${id}?view=plan`)
  await node(page, 'Do tell').waitFor()
  return page
}

/** What was changed may move the drawing a moment later: until it looks the same for some frames it is nothing to aim at. */
const atRest = (page: Page): Promise<void> =>
  page.evaluate<void>(`new Promise((resolve) => {
    const parts = '.react-flow__viewport, .react-flow__node, .react-flow__edge-path'
    const look = (before, same) => {
      const now = [...document.querySelectorAll(parts)].map((one) => one.getAttribute('style') + one.getAttribute('d')).join()
      if (now === before && same === 3) resolve()
      else requestAnimationFrame(() => look(now, now === before ? same + 1 : 0))
    }
    look('', 0)
  })`)

type Point = Readonly<{ x: number; y: number }>

async function middleOf(locator: Locator): Promise<Point> {
  const box = await locator.boundingBox()
  if (box === null) throw new Error('expected something to be seen')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

async function drag(page: Page, from: Point, to: Point): Promise<void> {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 })
  await page.mouse.move(to.x, to.y, { steps: 4 })
  await page.mouse.up()
}

/** Where an arrow begins or ends at a task. */
const end = (page: Page, title: string, side: 'left' | 'right') =>
  middleOf(
    page
      .locator('.react-flow__node')
      .filter({ has: face(page, title) })
      .locator(`.react-flow__handle-${side}`),
  )

async function join(page: Page, from: string, to: string): Promise<void> {
  await node(page, from).waitFor()
  await node(page, to).waitFor()
  await atRest(page)
  await drag(page, await end(page, from, 'right'), await end(page, to, 'left'))
}

/** A point of an arrow that nothing lies over; `id` are the places of its tasks. */
async function onArrow(page: Page, id: string): Promise<Point> {
  const arrow = `.react-flow__edge[data-id="${id}"] .react-flow__edge-path`
  await page.locator(arrow).waitFor({ state: 'attached' })
  await atRest(page)
  return page.evaluate<Point>(`(() => {
    const path = document.querySelector('${arrow}')
    const matrix = path.getScreenCTM()
    for (let part = 0.05; part < 1; part += 0.05) {
      const { x, y } = path.getPointAtLength(path.getTotalLength() * part).matrixTransform(matrix)
      if (document.elementFromPoint(x, y)?.closest('.react-flow__edge')?.dataset.id === '${id}') return { x, y }
    }
    throw new Error('the arrow ${id} is covered')
  })()`)
}

test('a plan is changed with the mouse, a circle is seen and mended, and it starts with what was drawn', async () => {
  const goal = 'Draw the plan with the mouse'
  const page = await openPlanned(goal)
  await node(page, 'Do gather').click()
  await button(page, 'Add a task').click()
  await page.getByLabel('Title', { exact: true }).fill('Check')
  await page.getByLabel('What to do').fill('Look twice.')
  await join(page, 'Check', 'Do tell')
  await node(page, 'Do tell, writer, after Do gather, Check').waitFor()

  await join(page, 'Do tell', 'Do gather')
  await circle(page).waitFor()
  await page.locator('.react-flow__edge.wrong').nth(1).waitFor()
  await graph(page)
    .getByRole('button', { name: /has a mistake$/ })
    .nth(1)
    .waitFor()
  expect(await button(page, 'Start with this plan').isDisabled()).toBe(true)
  await button(page, 'Start').click()
  await page.getByText('Start without your changes to the plan?').waitFor()
  await button(page, 'Go back').click()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, 'plan-circle')

  const pick = async (id: string): Promise<void> => {
    const { x, y } = await onArrow(page, id)
    await page.mouse.click(x, y)
    await page.getByText('An arrow', { exact: true }).waitFor()
  }
  await pick('1-0')
  await page.keyboard.press('Delete')
  await page.getByText('3 tasks, no mistakes.').waitFor()
  // The end of an arrow that is pulled off takes it away.
  await pick('0-1')
  const last = await middleOf(page.locator('.react-flow__edge[data-id="0-1"] .react-flow__edgeupdater-target'))
  await drag(page, last, { x: last.x, y: last.y - 90 })
  await node(page, 'Do tell, writer, after Check').waitFor()

  await button(page, 'Start with this plan').click()
  await state(page, 'completed').waitFor()
  expect(await shapeOf(runIdOf(page))).toEqual([
    ['gather', 'Do gather', []],
    ['tell', 'Do tell', ['t3']],
    ['t3', 'Check', ['gather']],
  ])
  expect(models.calls(goal).some(({ text }) => text.includes('Look twice.'))).toBe(true)
  await page.getByText('Look twice.').first().waitFor({ state: 'hidden' })
  await page.getByText('Check', { exact: true }).last().click()
  await page.getByText('Look twice.').first().waitFor()
})

test('the keyboard alone makes a plan, a circle, takes it back, and starts', async () => {
  const goal = 'Make a plan with the keyboard'
  scripted(goal)
  const page = await visitor.open()
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await page.goto(`${system().url}/new`)
  await page.getByRole('heading', { name: 'New run' }).waitFor()
  await page.keyboard.type(goal)
  await page.getByText('A plan of your own').focus()
  await press('Enter', 'Tab', 'Enter')
  await page.keyboard.type('Read')
  for (const title of ['Write', 'Too much']) {
    await button(page, 'Add a task').focus()
    await press('Enter')
    await page.keyboard.type(title)
  }
  await node(page, 'Too much, writer, after Write').focus()
  await press('Delete')
  await page.getByText('2 tasks, no mistakes.').waitFor()
  await press('Control+z')
  await page.getByText('3 tasks, no mistakes.').waitFor()
  await press('Control+Shift+z')
  await page.getByText('2 tasks, no mistakes.').waitFor()

  await node(page, 'Read').focus()
  await press('Enter')
  await page.getByRole('checkbox', { name: /^Write/ }).focus()
  await press('Space')
  await circle(page).waitFor()
  await page.locator('.react-flow__edge.wrong').nth(1).waitFor()
  await press('Space')
  await page.getByText('2 tasks, no mistakes.').waitFor()

  await button(page, 'Text').focus()
  await press('Enter')
  await page.getByRole('textbox', { name: 'Plan as text' }).focus()
  await press('Control+End')
  await page.keyboard.type('Task 3: @writer - Send (depends on Task 2)')
  await node(page, 'Send, writer, after Write').waitFor()
  await page.getByLabel('Goal', { exact: true }).focus()
  await press('Control+Enter')
  await page.waitForURL(/\/runs\/run_/)
  await state(page, 'completed').waitFor()
  expect(await shapeOf(runIdOf(page))).toEqual([
    ['t1', 'Read', []],
    ['t2', 'Write', ['t1']],
    ['t3', 'Send', ['t2']],
  ])
})

test('text, JSON and graph are one plan, and what cannot be read is kept until it is mended', async () => {
  const page = await openPlanned('Write the plan as text')
  await button(page, 'Text').click()
  const text = page.getByRole('textbox', { name: 'Plan as text' })
  const given = await text.inputValue()
  const broken = `${given.replace('Do gather', 'Gather twice')}Task three: and more\n`
  await text.fill(broken)
  await page.getByText('The text cannot be read, line').waitFor()
  await node(page, 'Gather twice').waitFor()
  expect(await button(page, 'Add a task').isDisabled()).toBe(true)
  await page.reload()
  await button(page, 'Text').click()
  await expect.poll(() => text.inputValue(), { timeout: 30_000 }).toBe(broken)
  await text.fill(broken.replace('Task three:', 'Task 3: @writer -'))
  await page.getByText('3 tasks, no mistakes.').waitFor()

  await button(page, 'JSON').click()
  const json = page.getByRole('textbox', { name: 'Plan as JSON' })
  expect(JSON.parse(await json.inputValue())).toMatchObject({
    tasks: [{ key: 'gather' }, { key: 'tell' }, { key: 't3' }],
  })
  await json.fill((await json.inputValue()).replace('"t3"', '"gather"'))
  await page.getByText('2 tasks have the key "gather"').waitFor()
  await button(page, 'Undo').click()
  await page.getByText('3 tasks, no mistakes.').waitFor()
  await button(page, 'Save the plan').click()
  await page.getByText('Plan, version 2').waitFor()
  expect(await shapeOf(runIdOf(page))).toEqual([
    ['gather', 'Gather twice', []],
    ['tell', 'Do tell', ['gather']],
    ['t3', 'and more', []],
  ])

  await button(page, 'Tasks').click()
  await node(page, 'Do tell').click()
  await page.getByLabel('Title', { exact: true }).fill('Not saved')
  await button(page, 'Start').click()
  await page.getByText('Start without your changes to the plan?').waitFor()
  await button(page, 'Go back').click()
  await button(page, 'Discard the changes').click()
  await node(page, 'Do tell').waitFor()
})

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each([1280, 390])('the editor is accessible and fits at %i px', async (width) => {
    const page = await openPlanned(`Look at the plan, ${theme}, ${width}`, { theme, width })
    const look = async (name: string): Promise<void> => {
      expect.soft(await axeViolations(page), `${name} at ${width} px, ${theme}`).toEqual([])
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect.soft(overflow, `${name} is wider than ${width} px`).toBeLessThanOrEqual(0)
      await keepShot(page, `plan-${name}-${width}-${theme}`)
    }
    await look('tasks')
    await node(page, 'Do gather').click()
    await page.getByText('Key, tools, criteria and limits').click()
    await page.getByRole('checkbox', { name: /^Do tell/ }).check()
    await circle(page).waitFor()
    await look('circle')
    await button(page, 'Text').click()
    await page.getByRole('textbox', { name: 'Plan as text' }).fill('Task 1:')
    await page.getByText('The text cannot be read').waitFor()
    await look('unread')
    await button(page, 'Discard the changes').click()
    await button(page, 'Start with this plan').click()
    await state(page, 'completed').waitFor()
    await page.locator('summary').filter({ hasText: 'Do gather' }).first().click()
    await page.getByText('Do what gather is about.').first().waitFor()
    await look('read')
  })
})
