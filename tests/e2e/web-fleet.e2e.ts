import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { until } from '@flotilla/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { axeViolations, useVisitor } from './fixture/browser.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { ROOT, startProgram } from './fixture/program.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { readRecord } from './fixture/record.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const system = useSystem(() => ({
  backend: 'postgres',
  env: { ...models.env('chat'), ...QUICK_RECOVERY, FLOTILLA_WORKERS: '2' },
}))
const visitor = useVisitor()

/** What a worker tells of itself, it tells now and then. */
const PATIENT = { timeout: 120_000 }
const WELL = 'Tell it well'
const BADLY = 'Tell it badly'

const sum = (counts: readonly number[] = []): number => counts.reduce((a, b) => a + b, 0)
const section = (page: Page, title: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) })
const row = (page: Page, table: string, text: string) =>
  page.getByRole('group', { name: table, exact: true }).getByRole('row').filter({ hasText: text })

async function run(goal: string, team: string, roles: readonly string[]): Promise<string> {
  models.script(goal, () => (goal === WELL ? { say: 'It is told.' } : { status: 400 }))
  const tasks = roles.map((role, i) => ({ key: `t${i}`, role, title: `Tell ${i}` }))
  const { id } = await system().client.runs.create({ goal, labels: { team }, plan: { tasks } })
  await untilEnded(system().client, id)
  return id
}

describe('the fleet', () => {
  test('shows idle workers, what is done once something is, and who does the chores', async () => {
    const page = await visitor.open()
    await page.goto(`${system().url}/fleet`)
    const workers = section(page, 'Workers')
    await workers
      .getByRole('row')
      .filter({ hasText: /worker-1.*idle.*0 of/ })
      .waitFor(PATIENT)
    await workers
      .getByRole('row')
      .filter({ hasText: /worker-2.*idle.*0 of/ })
      .waitFor(PATIENT)
    await workers.getByText('planner, all agents, verifier, learner, maintenance').first().waitFor()
    await page.getByText('There is nothing to do, and was not since a worker started').waitFor()
    await run(WELL, 'infra', ['writer', 'writer', 'analyst'])
    const writers = row(page, 'Work by pool', '@writer')
    await writers.waitFor(PATIENT)
    await section(page, 'Reconciler').getByText('sweeps every').waitFor(PATIENT)
    expect(await axeViolations(page)).toEqual([])
    const {
      workers: told,
      pools,
      reconciler,
    } = await until(
      async () => {
        const fleet = await system().client.fleet()
        return fleet.pools.some(({ pool, done }) => pool === 'agent:writer' && sum(done) > 0) ? fleet : null
      },
      { what: 'workers have told what they did', timeoutMs: PATIENT.timeout },
    )
    expect(told).toMatchObject([{ state: 'idle' }, { state: 'idle' }])
    expect(sum(pools.find(({ pool }) => pool === 'agent:writer')?.done)).toBeLessThanOrEqual(2)
    await writers.getByRole('cell').nth(4).getByText(/[1-9]/).waitFor(PATIENT)
    expect(told.map(({ name }) => name)).toContain(reconciler?.worker)
  })

  test('a worker that is killed is not heard of, and gone after a while; one that is stopped is gone at once', async () => {
    const page = await visitor.open()
    await page.goto(`${system().url}/fleet`)
    const extra = await startExtra('extra-killed')
    const killed = row(page, 'Workers', 'extra-killed')
    await killed.getByText('idle').waitFor(PATIENT)
    extra.signal('SIGKILL')
    await extra.exited
    await age('extra-killed', 60)
    await killed.getByText(/not heard of for 1 min/).waitFor(PATIENT)
    expect(await axeViolations(page)).toEqual([])
    await age('extra-killed', 300)
    await killed.waitFor({ state: 'detached', ...PATIENT })

    const stopped = row(page, 'Workers', 'extra-stopped')
    const other = await startExtra('extra-stopped')
    await stopped.waitFor(PATIENT)
    other.signal('SIGTERM')
    await stopped.waitFor({ state: 'detached', ...PATIENT })
  })
})

/** One more worker, which nobody keeps running. */
async function startExtra(name: string) {
  const { env } = system()
  const program = startProgram(path.join(ROOT, 'apps/worker/src/main.ts'), [], {
    env: { ...env, FLOTILLA_WORKER_NAME: name, FLOTILLA_ROLES: 'agent:*' },
    tied: true,
  })
  onTestFinished(async () => {
    program.signal('SIGKILL')
    await program.exited
  })
  await program.untilSays(/"event":"ready"/, 60_000)
  return program
}

/** As if nobody had heard of it for so many seconds more. */
const age = (name: string, seconds: number) =>
  readRecord(
    system(),
    'update flotilla.workers set heard_at = heard_at - make_interval(secs => $2) where name = $1 returning name',
    [name, seconds],
  )

describe('analytics', () => {
  let failed: string
  beforeAll(async () => {
    await run(WELL, 'platform', ['writer', 'analyst'])
    failed = await run(BADLY, 'payments', ['writer'])
  })
  const open = async (search: string): Promise<Page> => {
    const page = await visitor.open()
    await page.goto(`${system().url}/analytics${search}`)
    await page.getByRole('heading', { name: 'Errors by component' }).waitFor()
    return page
  }

  test('is narrowed by what the address keeps, and told apart by label', async () => {
    const page = await open('')
    await page.getByLabel('State').selectOption('failed')
    await section(page, 'Runs').getByText('1 run', { exact: true }).waitFor()
    expect(page.url()).toContain('status=failed')
    await page.reload()
    await section(page, 'Runs').getByText('1 run', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('Split by', { exact: true }).selectOption('label')
    await page.getByLabel('Split by: key of the label').fill('team')
    await row(page, 'Runs by label team', 'payments').waitFor()
    await row(page, 'Runs by label team', 'platform').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await row(page, 'Runs by label team', 'payments').getByRole('link').click()
    await page.getByRole('link', { name: BADLY }).waitFor()
    await page.getByRole('link', { name: WELL }).first().waitFor({ state: 'detached' })
    await page.goBack()
    await row(page, 'Runs by label team', 'payments').waitFor()
  })

  test('the labels of a run narrow the list to their runs, by keyboard too, and keep its filters', async () => {
    const page = await visitor.open()
    await page.goto(`${system().url}/?days=7`)
    await page.getByRole('link', { name: BADLY }).waitFor()
    await page.getByRole('link', { name: 'Runs with the label team:payments' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/label=team/)
    await page.getByRole('link', { name: WELL }).first().waitFor({ state: 'detached' })
    await page.getByRole('link', { name: BADLY }).waitFor()
    expect(page.url()).toContain('days=7')
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('link', { name: BADLY }).click()
    await page.getByRole('link', { name: 'Runs with the label team:payments' }).click()
    await page.waitForURL(/\/\?label=team/)
    await page.getByRole('link', { name: BADLY }).waitFor()
  })

  test('a chart and a legend lead to their runs', async () => {
    const page = await open('?split=label%3Ateam&days=7')
    await section(page, 'Runs').getByRole('link', { name: 'payments' }).click()
    await page.getByRole('link', { name: BADLY }).waitFor()
    await page.goBack()
    const chart = section(page, 'Success rate').getByRole('img')
    const box = await chart.boundingBox()
    // The last day is at the right, and between all and none no line is near.
    await chart.click({ position: { x: (box?.width ?? 0) - 40, y: (box?.height ?? 0) / 2 } })
    await page.waitForURL(/[?&]day=\d{4}-\d{2}-\d{2}/)
    await page.getByRole('link', { name: BADLY }).waitFor()
    await expect.poll(() => page.getByRole('link', { name: WELL }).count(), PATIENT).toBeGreaterThan(0)
  })

  test('tells which component failed, with which model, and leads to the runs', async () => {
    const page = await open('')
    const errors = row(page, 'What failed', 'model bad request')
    await errors.getByText('compatible:').waitFor()
    await errors.getByRole('link').click()
    await page.getByRole('link', { name: BADLY }).waitFor()
    await page.getByText('error model_bad_request').waitFor()
    await page.getByRole('link', { name: WELL }).first().waitFor({ state: 'detached' })
    const { items } = await system().client.runs.list({ error: 'model_bad_request' })
    expect(items.map(({ id }) => id)).toEqual([failed])
  })

  test('tells use over time by agent, and everything shown as CSV', async () => {
    const page = await open('?split=agent&use=agent')
    await row(page, 'Use by agent', 'Writer').getByRole('link').waitFor()
    await page.getByRole('heading', { name: 'Use by agent' }).waitFor()
    const runs = await csv(page, 'CSV: runs by day')
    expect(runs[0]).toMatch(/^day,agent,runs,completed,failed,cancelled,successRateWithoutCancelled,/)
    expect(runs.slice(1).map((line) => line.split(',')[1])).toContain('Writer')
    const use = await csv(page, 'CSV: use by day')
    expect(use.some((line) => /^\d{4}-\d{2}-\d{2},Writer,[1-9]/.test(line))).toBe(true)
    const errors = await csv(page, 'CSV: errors by day')
    expect(errors[1]).toMatch(/^\d{4}-\d{2}-\d{2},model,model_bad_request,/)
  })
})

/** The lines of a file that the page gives. */
async function csv(page: Page, name: string): Promise<string[]> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
  return (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
}
