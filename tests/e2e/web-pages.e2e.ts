import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, keepShot, useVisitor } from './fixture/browser.ts'
import { ROOT } from './fixture/program.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

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
  'run-explain': { path: ({ done }) => `/runs/${done}?view=explain`, shows: 'Why this plan?' },
  'run-cost': { path: ({ done }) => `/runs/${done}?view=cost`, shows: 'By purpose' },
  'run-plan': { path: ({ planned }) => `/runs/${planned}?view=plan`, shows: 'Start with this plan' },
  'run-cancelled': { path: ({ cancelled }) => `/runs/${cancelled}`, shows: 'Cancelled while' },
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

const EXAMPLE = path.join(ROOT, 'examples/durability')
const documents = readdirSync(EXAMPLE)
  .toSorted()
  .map((name) => ({ name, content: readFileSync(path.join(EXAMPLE, name), 'utf8') }))

const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_MODEL: '' } }))
const visitor = useVisitor()

let runs: Runs
beforeAll(async () => {
  const { client } = system()
  const labels = { team: 'platform' }
  const planned = await client.runs.create({
    goal: 'Plan how the payments service moves to the new queue',
    start: false,
  })
  await untilEvent(client, planned.id, ({ type }) => type === 'run.awaiting_approval')
  const cancelled = await client.runs.create({ goal: 'Cancelled before it began', start: false })
  await client.runs.cancel(cancelled.id)
  const goal =
    'Compare the durability guarantees described in these documents and recommend one queue for the platform team'
  const done = await client.runs.create({ goal, documents, labels, budget: { tokens: 400_000, costUsd: 2 } })
  await untilEnded(client, done.id)
  const agent = await client.agents.create({ name: 'Careful writer', role: 'writer', systemPrompt: 'Be brief.' })
  await client.agents.replace(agent.id, {
    name: agent.name,
    role: agent.role,
    systemPrompt: 'Be brief.\nCite each claim.',
    maxTurns: 8,
  })
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
        await keepShot(page, `${name}-${width}-${theme}`)
      }
    },
    300_000,
  )
})

test('help and the palette are accessible too', async () => {
  const page = await visitor.open()
  await page.goto(system().url)
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.getByRole('dialog').getByRole('option').first().waitFor()
  expect(await axeViolations(page)).toEqual([])
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
