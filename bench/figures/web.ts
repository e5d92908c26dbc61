import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Browser, type Page } from 'playwright-core'
import { runOf, runToEnd } from '../flotilla/load.ts'
import { untilSettled } from '../flotilla/record.ts'
import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { fillRecord } from '../growth/fill.ts'
import { layeredTasks } from '../growth/layers.ts'
import { ROOT } from '../machine/facts.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { percentile } from '../report/statistics.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { until } from '../until.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const RUNS = 10_000
const TASKS = 1_000
const PAINTS = 10
const ROUNDS = 5
const PATIENCE_MS = 30_000
const CHROMIUM = '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

export const web: Figure = {
  title: `Web app: first paint with an empty cache, and interactions with ${RUNS.toLocaleString('en')} runs and a run of ${TASKS.toLocaleString('en')} tasks`,
  subject: ['what'],
  columns: [
    { key: 'p50', title: 'p50 ms' },
    { key: 'p95', title: 'p95 ms' },
    { key: 'max', title: 'longest ms' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureWeb,
}

async function* measureWeb(bench: Bench): AsyncGenerator<Measurement> {
  for (let rep = 1; rep <= bench.options.reps; rep += 1) {
    bench.say(`the web app, repetition ${rep} of ${bench.options.reps}`)
    yield* await measureOnce(bench)
  }
}

async function measureOnce({ shutdown, settings }: Bench): Promise<Measurement[]> {
  await using scope = openScope(shutdown)
  await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts', 'web-app.mjs')])
  const stores = await startStores(scope, 'embedded')
  const system = await startFlotilla(scope, { ...stores, model: 'noop:noop', settings, profile: null })
  const wide = await runToEnd(system.client, runOf(layeredTasks(TASKS)))
  const small = await runToEnd(system.client, runOf(layeredTasks(1)))
  await untilSettled(scope, stores.db)
  await fillRecord(stores.db, small, RUNS)
  const browser = await startBrowser(scope)
  const measured = async (what: (sight: Sight) => Promise<Times>): Promise<Measurement[]> => {
    const before = await takeSample(watchedOf(stores, system))
    const times = await what({ browser, url: system.url, wide, signal: scope.signal })
    const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
    return [...times].map(([name, ms]) => ({
      subject: [name],
      values: { p50: percentile(ms, 50), p95: percentile(ms, 95), max: Math.max(...ms), ...disturbed },
    }))
  }
  return [...(await measured(firstPaints)), ...(await measured(interactions))]
}

/** `wide`: the large run's id. */
type Sight = Readonly<{ browser: Browser; url: string; wide: string; signal: AbortSignal }>

/** Milliseconds by what took them. */
type Times = Map<string, number[]>

const note = (times: Times, name: string, ms: number): void => void times.set(name, [...(times.get(name) ?? []), ms])

async function startBrowser(scope: Scope): Promise<Browser> {
  const executablePath = process.env['FLOTILLA_CHROMIUM'] ?? CHROMIUM
  const browser = await chromium.launch({ executablePath, args: ARGS })
  scope.add('browser', () => browser.close())
  return browser
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  return context.newPage()
}

/** Each in a context of its own, so that nothing is cached. */
async function firstPaints({ browser, url, wide, signal }: Sight): Promise<Times> {
  const times: Times = new Map()
  const pages = [
    { name: 'runs', at: url, shown: 'tbody tr:not([aria-hidden])' },
    { name: 'the large run', at: `${url}/runs/${wide}?view=graph`, shown: '.react-flow__node' },
  ]
  for (let i = 0; i < PAINTS; i += 1)
    for (const { name, at, shown } of pages) {
      const page = await openPage(browser)
      await page.addInitScript(watchFor(shown))
      await page.goto(at)
      await until(() => page.evaluate<boolean>('globalThis.filledAt !== undefined'), {
        what: `${name} shows its data`,
        signal,
        timeoutMs: PATIENCE_MS,
      })
      const { painted, filled } = await page.evaluate<{ painted: number; filled: number }>(
        `({ painted: performance.getEntriesByName('first-contentful-paint')[0].startTime, filled: globalThis.filledAt })`,
      )
      note(times, `${name}: first paint`, painted)
      note(times, `${name}: its data shown`, filled)
      await page.context().close()
    }
  return times
}

/** When an element is there and painted, in milliseconds since the page was asked for. */
const watchFor = (selector: string): string =>
  `new MutationObserver((_, observer) => { if (document.querySelector(${JSON.stringify(selector)}) === null) return
    observer.disconnect(); requestAnimationFrame(() => setTimeout(() => { globalThis.filledAt = performance.now() })) })
    .observe(document, { childList: true, subtree: true })`

/** From the input to the next frame, as the browser's Event Timing tells it: by 8 ms, and 16 where it took less. */
const INTERACTIONS = `globalThis.took = []; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.interactionId > 0) globalThis.took.push(entry.duration) })
  .observe({ type: 'event', durationThreshold: 16, buffered: true })`
const SHORTEST_MS = 16

async function interactions({ browser, url, wide }: Sight): Promise<Times> {
  const times: Times = new Map()
  const page = await openPage(browser)
  await page.addInitScript(INTERACTIONS)
  const act = async (name: string, action: () => Promise<unknown>): Promise<void> => {
    await page.evaluate('globalThis.took = []')
    await action()
    // Entries come once the frame is there, and what an input begins may still be under way then.
    const took = await page.evaluate<number[]>(`new Promise((done) => setTimeout(() => done(globalThis.took), 300))`)
    note(times, name, Math.max(SHORTEST_MS, ...took))
  }
  const view = (name: string) =>
    page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name }).click()
  await page.goto(url)
  await page.locator('tbody tr:not([aria-hidden])').first().waitFor()
  for (let i = 0; i < ROUNDS; i += 1) {
    const find = page.getByLabel('Find in goals')
    await act('runs: a letter in the search', () => find.press('M'))
    await act('runs: the search emptied', () => find.press('Backspace'))
    await act('runs: the palette opened', () => page.keyboard.press('Control+k'))
    await act('runs: a letter in the palette', () => page.keyboard.press('a'))
    await act('runs: the palette closed', () => page.keyboard.press('Escape'))
    await page.keyboard.press('Escape')
  }
  await page.goto(`${url}/runs/${wide}?view=graph`)
  await page.locator('.react-flow__node').first().waitFor()
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const name of ['Tasks', 'Timeline', 'Board', 'Events', 'Graph'])
      await act(`the large run: its ${name.toLowerCase()}`, () => view(name))
    await act('the large run: a group opened or closed', () =>
      page
        .getByRole('button', { name: /^(Show \d+ tasks|Group again)/ })
        .first()
        .click(),
    )
  }
  return times
}
