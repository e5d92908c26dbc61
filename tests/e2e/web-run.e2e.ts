import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { ROOT } from './fixture/program.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const EXAMPLE = path.join(ROOT, 'examples/durability')
const documents = readdirSync(EXAMPLE).map((name) => ({
  name,
  content: readFileSync(path.join(EXAMPLE, name), 'utf8'),
}))
const STEPS = 11
/** A chain whose end no screen has room for. */
const steps = Array.from({ length: STEPS }, (_, i) => ({
  key: `step-${i}`,
  role: 'analyst',
  title: `Step ${i}`,
  ...(i > 0 && { dependsOn: [`step-${i - 1}`] }),
}))

const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_MODEL: '' } }))
const visitor = useVisitor()

let chain: string
beforeAll(async () => {
  const { client } = system()
  chain = (await client.runs.create({ goal: 'Take one step after the other', documents, plan: { tasks: steps } })).id
  await untilEnded(client, chain)
})

const zoomOf = (page: Page): Promise<number> =>
  page.evaluate<number>(`new DOMMatrix(getComputedStyle(document.querySelector('.react-flow__viewport')).transform).a`)

test('a long chain is drawn so that it can be read, from its first task on', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${chain}`)
  await page.getByLabel('Task graph').getByText('Step 0', { exact: true }).waitFor()
  expect(await zoomOf(page)).toBeGreaterThanOrEqual(0.6)
  const [first, frame] = [
    await page.getByLabel('Task graph').getByText('Step 0', { exact: true }).boundingBox(),
    await page.locator('.task-graph').boundingBox(),
  ]
  expect((first?.x ?? 0) - (frame?.x ?? 0)).toBeGreaterThan(0)
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, 'chain')
})

test('a mistake in a plan that is asked for comes to the middle', async () => {
  const { client, url } = system()
  const { id } = await client.runs.create({ goal: 'Mend a long plan', documents, plan: { tasks: steps }, start: false })
  await untilEvent(client, id, ({ type }) => type === 'run.awaiting_approval')
  const page = await visitor.open()
  await page.goto(`${url}/runs/${id}?view=plan`)
  const graph = page.getByRole('group', { name: 'Plan as a graph' })
  await graph.getByRole('button', { name: /^Step 0,/ }).waitFor()
  await page.getByText('11 planned').waitFor()
  expect(await zoomOf(page)).toBeGreaterThanOrEqual(0.6)
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  const text = page.getByRole('textbox', { name: 'Plan as text' })
  await text.fill((await text.inputValue()).replace(/(Task 9:.*) \(depends on Task 8\)/, '$1 (depends on Task 10)'))
  await page.getByRole('button', { name: 'Show it' }).click()
  const wrong = graph.getByRole('button', { name: /^Step 9,.*has a mistake$/ }).first()
  await wrong.waitFor()
  const off = async (): Promise<number> => {
    const [box, frame] = [await wrong.boundingBox(), await graph.boundingBox()]
    return Math.abs((box?.x ?? 0) + (box?.width ?? 0) / 2 - ((frame?.x ?? 0) + (frame?.width ?? 0) / 2))
  }
  await expect.poll(off, { timeout: 30_000 }).toBeLessThan(20)
  await keepShot(page, 'chain-mistake')
  await page.getByRole('button', { name: 'Discard the changes' }).click()
  await page.getByRole('button', { name: 'Add a task' }).click()
  await page.getByText('12 tasks, no mistakes. Nothing says yet what t12 is to do.').waitFor()
})

test('what came before the first task is told where the time is told', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${chain}?view=timeline`)
  await page.getByText('Before the first task', { exact: true }).waitFor()
  await keepShot(page, 'timeline-before')
  await expect
    .poll(() => page.getByTitle('From when its tasks could begin to its end').count(), { timeout: 30_000 })
    .toBe(1)
  await page.goto(`${system().url}/runs/${chain}?view=explain`)
  await page.getByText('What took its time?').waitFor()
  await page.getByText(/^Before its tasks could begin .* its duration counts from then on: /).scrollIntoViewIfNeeded()
  await keepShot(page, 'explain-before')
})

test.each([1280, 390])('a run that has ended leads to its result, at %i px', async (width) => {
  const page = await visitor.open({ width })
  await page.goto(`${system().url}/runs/${chain}`)
  const link = page.getByRole('link', { name: 'See the result' })
  await link.waitFor()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, `run-ended-${width}`)
  await link.click()
  await page.getByText('Download Markdown').waitFor()
  await link.waitFor({ state: 'detached' })
})

test('places are told apart by what they are for, and scores by the range of their bar', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/fleet`)
  await page.getByText(/^places for tasks in use: [\d,]+ for agents, [\d,]+ for judging$/).waitFor()
  await keepShot(page, 'fleet-places')
  await page.goto(`${system().url}/analytics`)
  await page.getByText('90–100', { exact: true }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, 'analytics-ranges')
})
