import type { PlanTaskInput } from '@flotilla/domain'
import pg from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { keepShot, useVisitor } from './fixture/browser.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const RUNS = 10_000
const WIDE = 490

const system = useSystem(() => ({ backend: 'postgres' }))
const visitor = useVisitor()

/** A run is copied as often as it takes: through the API alone this would take minutes. */
async function fillRuns(databaseUrl: string, uid: string): Promise<void> {
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  onTestFinished(() => db.end())
  const columns = async (table: string, without: readonly string[]): Promise<string> => {
    const { rows } = await db.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
       and attgenerated = '' and attname <> all($2)`,
      [`flotilla.${table}`, without],
    )
    return rows.map(({ name }) => name).join(', ')
  }
  const ofRun = await columns('runs', ['id', 'uid'])
  const ofSpec = await columns('run_specs', ['run_id', 'goal'])
  await db.query(
    `with one as (select * from flotilla.runs where uid = $1),
      copies as (
        insert into flotilla.runs (uid, ${ofRun})
        select overlay((select uid from one) placing lpad(n::text, 6, '0') from 25 for 6), ${ofRun}
        from one, generate_series(1, $2) n returning id, uid)
     insert into flotilla.run_specs (run_id, goal, ${ofSpec})
     select c.id, 'Copy ' || right(c.uid, 6), ${ofSpec} from copies c, flotilla.run_specs s
     where s.run_id = (select id from one)`,
    [uid, RUNS],
  )
}

const task = (key: string, role: string, ...dependsOn: string[]): PlanTaskInput => ({
  key,
  role,
  title: key,
  dependsOn,
})
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

let small: string
beforeAll(async () => {
  const { client } = system()
  small = (await client.runs.create({ goal: 'One of many', plan: { tasks: [task('a', 'writer')] } })).id
  await untilEnded(client, small)
})

test('10,000 runs are listed, scrolled to the end of, and searched', async () => {
  await fillRuns(system().databaseUrl ?? '', small)
  const page = await visitor.open()
  await page.goto(system().url)
  const rows = page.locator('tbody tr:not([aria-hidden])')
  await rows.first().waitFor()
  expect(await rows.count()).toBeLessThan(100)
  await page.locator('#content').hover()
  const lastGoal = () => rows.last().getByRole('link').first().textContent()
  for (let i = 0; i < 12; i++) {
    const before = await lastGoal()
    await page.mouse.wheel(0, 4_000)
    await expect.poll(lastGoal, { timeout: 30_000 }).not.toBe(before)
  }
  await keepShot(page, 'many-runs')
  await page.evaluate('document.querySelector("#content").scrollTo(0, 0)')
  await page.getByLabel('Find in goals').fill('Copy 004242')
  await page.getByRole('link', { name: 'Copy 004242' }).waitFor()
  await page.getByText('Copy 004243').waitFor({ state: 'detached' })
})

test('a run of 1,000 tasks is drawn in groups, opened, and read as a table', async () => {
  const { client } = system()
  const tasks = [
    task('split', 'planner'),
    ...upTo(WIDE).flatMap((i) => [task(`read-${i}`, 'researcher', 'split'), task(`ask-${i}`, 'analyst', 'split')]),
    ...upTo(18).map((i) => task(`merge-${i}`, 'writer', `read-${i}`, `ask-${i}`)),
    task('end', 'writer', ...upTo(18).map((i) => `merge-${i}`)),
  ]
  expect(tasks).toHaveLength(1_000)
  const { id } = await client.runs.create({ goal: 'A thousand tasks', plan: { tasks } })
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${id}`)
  const group = page.getByText(`${WIDE} × researcher`)
  await group.waitFor()
  const places = () =>
    page.evaluate<string[]>("[...document.querySelectorAll('.react-flow__node')].map((node) => node.style.transform)")
  const before = await places()
  await untilEnded(client, id, 100_000)
  await page.getByText('completed', { exact: true }).first().waitFor()
  expect(await places()).toEqual(before)
  await keepShot(page, 'many-tasks')
  await page.getByRole('button', { name: `Show ${WIDE} tasks of researcher` }).click()
  await page.getByText('read-1', { exact: true }).waitFor()
  await page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name: 'Tasks' }).click()
  await page.getByRole('link', { name: 'Cost' }).click()
  const budgets = page.getByRole('group', { name: 'Budget by task' }).getByRole('row')
  await budgets.nth(5).waitFor()
  expect(await budgets.count()).toBeLessThan(60)
  await keepShot(page, 'many-budgets')
  await page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name: 'Tasks' }).click()
  await page.getByText('All 1000 tasks').waitFor({ state: 'attached' })
  await page.getByRole('link', { name: 'split', exact: true }).click()
  await page.getByRole('heading', { name: 'Conversation' }).waitFor()
})
