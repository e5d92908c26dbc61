import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { AgentInputSchema } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import * as v from 'valibot'
import { beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { ROOT } from './fixture/program.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const EXAMPLE = path.join(ROOT, 'examples/durability')
const documents = readdirSync(EXAMPLE)
  .toSorted()
  .map((name) => ({ name, content: readFileSync(path.join(EXAMPLE, name), 'utf8') }))

/** What each page shows once it has read what it needs. */
const PAGES: Readonly<Record<string, Readonly<{ path: (runs: Runs) => string; shows: string }>>> = {
  runs: { path: () => '/', shows: 'Cancelled before it began' },
  'new-run': { path: () => '/new', shows: 'What is to be done' },
  'run-graph': { path: ({ done }) => `/runs/${done}`, shows: 'Critical path' },
  'run-tasks': { path: ({ done }) => `/runs/${done}?view=tasks`, shows: 'Recommend one' },
  'run-timeline': { path: ({ done }) => `/runs/${done}?view=timeline`, shows: 'waiting for a worker' },
  'run-board': { path: ({ done }) => `/runs/${done}?view=board`, shows: 'Not done' },
  'run-events': { path: ({ done }) => `/runs/${done}?view=events`, shows: 'run.completed' },
  'run-result': { path: ({ done }) => `/runs/${done}?view=result`, shows: 'Download Markdown' },
  'run-documents': { path: ({ done }) => `/runs/${done}?view=documents`, shows: documents[0]?.name ?? '' },
  document: {
    path: ({ done }) => `/runs/${done}/documents?name=${documents[0]?.name}&lines=2-4`,
    shows: 'Lines 2 to 4 are cited',
  },
  'run-explain': { path: ({ done }) => `/runs/${done}?view=explain`, shows: 'Why this plan?' },
  'run-cost': { path: ({ done }) => `/runs/${done}?view=cost`, shows: 'By purpose' },
  'run-plan': { path: ({ planned }) => `/runs/${planned}?view=plan`, shows: 'Start with this plan' },
  'run-cancelled': { path: ({ cancelled }) => `/runs/${cancelled}`, shows: 'Cancelled while' },
  'run-never-began': {
    path: ({ cancelled }) => `/runs/${cancelled}?view=timeline`,
    shows: 'It ended before it had tasks.',
  },
  task: { path: ({ done }) => `/runs/${done}/tasks/recommend`, shows: 'Why this agent' },
  approvals: { path: () => '/approvals', shows: 'Nothing waits for you' },
  agents: { path: () => '/agents', shows: 'Leaderboard' },
  agent: { path: () => '/agents/new', shows: 'Instructions of the agent' },
  'agent-versions': { path: ({ agent }) => `/agents/${agent}`, shows: 'Changed since version 1' },
  analytics: { path: () => '/analytics', shows: 'Why runs failed' },
  'analytics-split': { path: () => '/analytics?split=agent&use=agent', shows: 'a run counts for each agent' },
  fleet: { path: () => '/fleet', shows: 'sweeps every' },
  nothing: { path: () => '/no/such/page', shows: 'Nothing is at this address' },
}
type Runs = Readonly<{ done: string; planned: string; cancelled: string; agent: string }>

/** A name and a text that would do something if they were more than text. */
const HOSTILE = '<img src=x onerror="pwned=1">/100%.html'
const HOSTILE_TEXT = '<script>pwned = 1</script>\n[click](javascript:pwned=1) <b>not bold</b>\n'

const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_MODEL: '' } }))
const visitor = useVisitor()

let runs: Runs
beforeAll(async () => {
  const { client } = system()
  const labels = { team: 'platform' }
  const planned = await client.runs.create({
    goal: 'Plan how the payments service moves to the new queue',
    start: false,
    documents: [{ name: HOSTILE, content: HOSTILE_TEXT }],
  })
  await untilEvent(client, planned.id, ({ type }) => type === 'run.awaiting_approval')
  const cancelled = await client.runs.create({ goal: 'Cancelled before it began', start: false })
  await client.runs.cancel(cancelled.id)
  const goal =
    'Compare the durability guarantees described in these documents and recommend one queue for the platform team'
  const done = await client.runs.create({ goal, documents, labels, budget: { tokens: 400_000, costUsd: 2 } })
  await untilEnded(client, done.id)
  const fields = v.parse(AgentInputSchema, { name: 'Careful writer', role: 'writer', systemPrompt: 'Be brief.' })
  const agent = await client.agents.create(fields)
  await client.agents.replace(agent.id, { ...fields, systemPrompt: 'Be brief.\nCite each claim.', maxTurns: 8 })
  runs = { done: done.id, planned: planned.id, cancelled: cancelled.id, agent: agent.id }
})

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each([1280, 390])(
    'every page is accessible and fits at %i px',
    async (width) => {
      const page = await visitor.open({ theme, width })
      for (const [name, { path: address, shows }] of Object.entries(PAGES)) {
        await page.goto(`${system().url}${address(runs)}`)
        await page.getByText(shows).filter({ visible: true }).first().waitFor()
        expect.soft(await axeViolations(page), `${name} at ${width} px, ${theme}`).toEqual([])
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect.soft(overflow, `${name} is wider than ${width} px`).toBeLessThanOrEqual(0)
        const beneath = await page.evaluate<number>('document.documentElement.scrollHeight - innerHeight')
        expect.soft(beneath, `${name} scrolls beyond its frame`).toBeLessThanOrEqual(0)
        await keepShot(page, `${name}-${width}-${theme}`)
      }
    },
    300_000,
  )
})

test.each([
  ['light', 1280],
  ['light', 390],
  ['dark', 1280],
  ['dark', 390],
] as const)('help and the palette are accessible too, in the %s theme at %i px', async (theme, width) => {
  const page = await visitor.open({ theme, width })
  await page.goto(system().url)
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, `help-${width}-${theme}`)
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.getByRole('dialog').getByRole('option').first().waitFor()
  expect(await axeViolations(page)).toEqual([])
  await keepShot(page, `palette-${width}-${theme}`)
})

test('what an address says wrong is as if it were not said', async () => {
  const page = await visitor.open()
  const document = documents[0]?.name ?? ''
  const wrong: readonly (readonly [string, string])[] = [
    ['/?status=no&days=x&label=x', 'Cancelled before it began'],
    ['/analytics?days=abc&split=x&use=7&label=%3Cx%3E', 'Why runs failed'],
    ['/approvals?status=7', 'Nothing waits for you'],
    [`/runs/${runs.done}?view=nope`, 'Critical path'],
    [
      `/runs/${runs.done}/documents?name=${document}&lines=x&quote=y`,
      (documents[0]?.content ?? '').split('\n')[0] ?? '',
    ],
  ]
  for (const [address, shows] of wrong) {
    await page.goto(`${system().url}${address}`)
    await page.getByText(shows).filter({ visible: true }).first().waitFor()
    expect(await page.getByRole('button', { name: 'Clear' }).count()).toBe(0)
  }
})

test('a first visit follows the system, and a choice outlives a reload', async () => {
  const page = await visitor.open({ theme: 'dark' })
  await page.goto(system().url)
  const theme = () => page.evaluate<string>('document.documentElement.dataset.theme')
  expect(await theme()).toBe('dark')
  await page.getByRole('button', { name: 'Light', exact: true }).click()
  expect(await theme()).toBe('light')
  await page.reload()
  expect(await theme()).toBe('light')
})

test('a run that waits for its documents says how far they are', async () => {
  const text = (documents[0]?.content ?? '').replaceAll(/\s+/g, ' ')
  const long = Array.from({ length: 8 }, (_, i) => ({
    name: `long-${i}.md`,
    content: `Part ${i}. ${text.repeat(Math.ceil(9_000 / text.length)).slice(0, 9_000)}`,
  }))
  const { id } = await system().client.runs.create({ goal: 'Summarise these long documents', documents: long })
  const page = await visitor.open({ theme: 'dark' })
  await page.goto(`${system().url}/runs/${id}`)
  await page.getByText(/^Preparing documents: [1-7] of 8\.$/).waitFor()
  await keepShot(page, 'run-preparing-dark')
  await page.getByLabel('Task graph').waitFor()
  await expect.poll(() => page.getByText('Preparing documents').count(), { timeout: 30_000 }).toBe(0)
  await untilEnded(system().client, id)
})

test('a citation leads to its passage, with what is quoted of it', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${runs.done}?view=result`)
  await page.getByText(/^\d+ citations, each checked/).click()
  const entry = page
    .getByRole('listitem')
    .filter({ has: page.locator('q') })
    .first()
  const quote = await entry.locator('q').textContent()
  await entry.getByRole('link').click()
  await page.getByText(/cited\.$/).waitFor()
  expect((await page.locator('mark').allTextContents()).join('\n')).toBe(quote)
  const address = page.url()
  await page.goBack()
  await page.getByText('Download Markdown').waitFor()
  const marker = page
    .locator('p, li')
    .getByRole('link', { name: /^\[.+:\d+(-\d+)?\]$/ })
    .first()
  const [, document = 'none'] = /^\[(.+):\d/.exec((await marker.textContent()) ?? '') ?? []
  await marker.click()
  await page.getByRole('heading', { name: document, exact: true }).waitFor()
  expect(page.url()).toMatch(/[?&]lines=\d+(-\d+)?$/)
  await page.goto(address)
  await page.locator('mark').first().waitFor()
})

test('a single line stands in an address without quotes, and those with quotes still lead to it', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${runs.done}/documents?name=${documents[0]?.name}&lines=%222%22`)
  await page.getByText('Line 2 is cited.').waitFor()
  await page.waitForURL(/&lines=2$/)
  expect(page.url()).not.toContain('%22')
})

test('a passage is in sight, also of a document that was read before', async () => {
  const page = await visitor.open()
  await page.setViewportSize({ width: 1280, height: 300 })
  const inSight = (): Promise<boolean> =>
    page.evaluate<boolean>(`(() => {
      const place = document.querySelector('.border-accent.bg-raised')?.getBoundingClientRect()
      return place !== undefined && place.top >= 0 && place.bottom <= innerHeight
    })()`)
  await page.goto(`${system().url}/runs/${runs.done}?view=result`)
  const visit = async (): Promise<void> => {
    await page.locator('a[href*="documents?name"]').filter({ visible: true }).first().click()
    await page.getByText(/cited\.$/).waitFor()
    await until(inSight, { what: 'the passage is in sight' })
    await page.goBack()
    await page.getByText('Download Markdown').waitFor()
  }
  await visit()
  await visit()
})

test('a document is text, whatever it and its name hold', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/runs/${runs.planned}?view=documents`)
  await page.getByRole('link', { name: HOSTILE }).click()
  await page.getByText('<script>pwned = 1</script>').waitFor()
  await page.getByText('[click](javascript:pwned=1) <b>not bold</b>').waitFor()
  await page.reload()
  await page.getByText('<script>pwned = 1</script>').waitFor()
  expect(await page.evaluate('typeof pwned')).toBe('undefined')
  await page.goto(`${system().url}/runs/${runs.planned}/documents?name=other.md`)
  await page.getByText('The run has no document of this name').waitFor()
})

test('an agent goes back to what it was', async () => {
  const page = await visitor.open()
  await page.goto(`${system().url}/agents/${runs.agent}`)
  await page.getByText(/^Changed since version 1/).click()
  await page.getByText('Cite each claim.').filter({ visible: true }).first().waitFor()
  await page.getByRole('button', { name: 'Restore version 1 as a new one' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore as a new version' }).click()
  await page.getByText('Version 3, as it is now').waitFor()
  expect(await system().client.agents.get(runs.agent)).toMatchObject({ version: 3, systemPrompt: 'Be brief.' })
  await page.getByLabel(/^write_artifact/).uncheck()
  await page.getByRole('button', { name: 'Save a new version' }).click()
  await page.getByText('Saved as version 4.').waitFor()
  expect((await system().client.agents.get(runs.agent)).tools).toEqual(['knowledge_search'])
})
