import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@flotilla/client'
import { AgentInputSchema, type PlanInput, type RunEvent, type RunView } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENV_KEYS } from './config.ts'
import { runFlotilla, startFlotilla, untilListening, type FlotillaProcess } from './testing/flotilla-process.ts'

/** The whole system as a user starts it; the no-op model answers every task with "ok". */
let dir: string
let env: Record<string, string | undefined>
let system: FlotillaProcess
let url: string

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-command-line-'))
  chmodSync(dir, 0o755)
  const { PATH, HOME, NODE_OPTIONS } = process.env
  // Set to nothing: neither the caller's settings nor a `.env` of the checkout decide what is tested.
  const unset = Object.fromEntries(ENV_KEYS.map((key) => [key, '']))
  env = { ...unset, PATH, HOME, NODE_OPTIONS, FLOTILLA_DATA_DIR: dir, FLOTILLA_MODEL: 'noop', FLOTILLA_PORT: '0' }
  system = startFlotilla(['up'], env)
  url = await untilListening(system)
})
afterAll(async () => {
  system.child.kill('SIGTERM')
  await system.exit
  rmSync(dir, { recursive: true, force: true })
})

const flotilla = (...args: string[]) => runFlotilla(args, env, dir)

function planFile(name: string, plan: PlanInput | string): string {
  writeFileSync(path.join(dir, name), typeof plan === 'string' ? plan : JSON.stringify(plan))
  return name
}
const diamond =
  'Task 1: @analyst - Read\nTask 2: @analyst - Left (after Task 1)\nTask 3: @analyst - Right (after Task 1)\nTask 4: @writer - End (after Task 2, Task 3)\n'
const chain = (n: number): PlanInput => ({
  tasks: Array.from({ length: n }, (_, i) => ({
    key: `t${i}`,
    role: 'analyst',
    dependsOn: i === 0 ? [] : [`t${i - 1}`],
  })),
})
const lines = <T>(text: string): T[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)

describe('flotilla run', () => {
  test('shows what happens on standard error and the result on standard output', async () => {
    const { code, out, err } = await flotilla('run', 'Do it', '--plan', planFile('diamond.txt', diamond))
    expect(code).toBe(0)
    expect(out).toMatch(/^Run run_[0-9a-z]{26} completed$/m)
    expect(out).toContain('4 of 4 tasks done')
    expect(out).toContain('noop:default: simulated')
    expect(out).toContain('\nok\n')
    expect(err.match(/task completed/g)).toHaveLength(4)
    expect(err).toMatch(/task completed {1,}t4: End \(.*4\/4\)/)
  })

  test('--json writes the events without a gap, then the run', async () => {
    const { code, out, err } = await flotilla('run', 'Do it', '--plan', planFile('diamond.txt', diamond), '--json')
    expect(code).toBe(0)
    const all = lines<RunEvent | RunView>(out)
    const run = all.pop()
    expect(run).toMatchObject({ status: 'completed', goal: 'Do it' })
    expect(all.map((event) => 'seq' in event && event.seq)).toEqual(all.map((_, i) => i + 1))
    expect(all.at(-1)).toMatchObject({ type: 'run.completed' })
    expect(err).toBe('')
  })

  test('a run that fails ends with 1 and says why', async () => {
    const plan = {
      tasks: [{ key: 'a', role: 'analyst', maxAttempts: 1, verify: [{ rule: 'minLength' as const, value: 100 }] }],
    }
    const { code, out } = await flotilla('run', 'Do it', '--plan', planFile('strict.json', plan))
    expect(code).toBe(1)
    expect(out).toMatch(/^Run run_\S+ failed$/m)
    expect(out).toContain('✖ a (@analyst): ')
  })

  test('what the server refuses ends with 2, every error told', async () => {
    const plan = {
      tasks: [
        { key: 'a', role: 'x', dependsOn: ['b'] },
        { key: 'b', role: 'x', dependsOn: ['a', 'c'] },
      ],
    }
    const { code, err } = await flotilla('run', 'Do it', '--plan', planFile('cycle.json', plan))
    expect(code).toBe(2)
    expect(err).toContain('/plan/tasks/1/dependsOn/1')
    const unsupported = await flotilla('run', 'Do it', '--workflow', 'research')
    expect(unsupported).toMatchObject({
      code: 2,
      err: expect.stringContaining('/workflow: a stored workflow is not supported'),
    })
  })

  test('Ctrl-C cancels the run and ends with 130', async () => {
    const running = startFlotilla(['run', 'Do it', '--plan', planFile('chain.json', chain(4_000)), '--json'], env, dir)
    await until(() => running.out().includes('"task.started"'), { what: 'the run is on its way' })
    running.child.kill('SIGINT')
    expect(await running.exit).toBe(130)
    expect(lines<RunView>(running.out()).at(-1)).toMatchObject({ status: 'cancelled' })
    expect(running.err()).toMatch(/^Cancelling run_/)
  })

  test('a run that was left goes on', async () => {
    const plan = planFile('chain.json', chain(300))
    const id = (await flotilla('run', 'Do it', '--plan', plan, '--detach')).out.trim()
    const watching = startFlotilla(['runs', 'watch', id], env, dir)
    await until(() => watching.err().includes('task started'), { what: 'the watcher sees it' })
    watching.child.kill('SIGINT')
    expect(await watching.exit).toBe(130)
    expect(watching.err()).toContain(`${id} goes on.`)
    expect(await flotilla('runs', 'watch', id, '--progress', 'plain')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Run ${id} completed`),
    })
  })
})

describe('flotilla runs', () => {
  test('a run that is only planned waits to be started', async () => {
    const planned = await flotilla('run', 'Do it', '--plan', planFile('diamond.txt', diamond), '--no-start')
    expect(planned).toMatchObject({
      code: 0,
      out: expect.stringContaining('Task 4: @writer - End (depends on Task 2, Task 3)'),
    })
    const id = /runs start (\S+)/.exec(planned.err)?.[1] ?? ''
    expect((await flotilla('plan', id)).out).toBe(planned.out)
    expect((await flotilla('runs', 'list', '--status', 'awaiting_approval')).out).toContain(id)
    expect(await flotilla('runs', 'delete', id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('awaiting_approval'),
    })
    expect((await flotilla('runs', 'start', id)).code).toBe(0)
    expect((await flotilla('runs', 'watch', id)).code).toBe(0)
    expect((await flotilla('runs', 'show', id)).out).toMatch(/^t4\s+completed/m)
    expect((await flotilla('runs', 'show', id, '--report')).out).toContain('#')
    expect(lines<RunView>((await flotilla('runs', 'show', id, '--json')).out)[0]).toMatchObject({
      id,
      status: 'completed',
    })
    expect((await flotilla('runs', 'delete', id)).code).toBe(0)
    expect(await flotilla('runs', 'show', id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no run'),
    })
  })
})

test('a run is paused, resumed and cancelled, with a receipt in words', async () => {
  const { runs } = createClient({ url })
  const { id } = await runs.create({ goal: 'Do it', plan: chain(4_000) })
  expect(await flotilla('runs', 'pause', id)).toMatchObject({ code: 0, out: `${id} is paused.\n` })
  expect((await flotilla('runs', 'resume', id)).code).toBe(0)
  const { code, out } = await flotilla('runs', 'cancel', id)
  expect(code).toBe(0)
  expect(out).toContain(`${id} is cancelled. It was `)
  expect(out).toMatch(/Spent before the request: .* tokens in \d+ model calls?, \$0; after it: /)
})

test('who follows a run that its budget pauses is told what lets it go on, and ends with 3', async () => {
  const args = ['--plan', planFile('one.json', chain(1)), '--budget-tokens', '3000', '--on-exceeded', 'pause']
  const { code, out, err } = await flotilla('run', 'Do it', ...args)
  expect({ code, out }).toEqual({ code: 3, out: '' })
  expect(err).toMatch(/run {2}paused .*\nPaused since .* UTC, by its budget: /)
  const [command = '', id = ''] = /flotilla runs budget (run_[0-9a-z]{26}) --tokens \d+/.exec(err) ?? []
  expect(err).toContain(`To watch it then: flotilla runs watch ${id}`)

  const watched = await flotilla('runs', 'watch', id, '--json')
  expect(watched).toMatchObject({ code: 3, err: expect.stringContaining(`To let it go on: ${command}`) })
  const told = lines<RunEvent & RunView>(watched.out)
  expect(told.at(-1)).toMatchObject({ id, status: 'paused', pause: { by: 'budget' } })
  expect(told.at(-2)?.type).toBe('run.paused')

  expect((await flotilla(...command.split(' ').slice(1))).code).toBe(0)
  expect(await flotilla('runs', 'watch', id)).toMatchObject({ code: 0, out: expect.stringContaining('completed') })
})

test('a preview creates nothing', async () => {
  const { runs } = createClient({ url })
  const before = (await runs.list({ limit: 1 })).items[0]?.id
  const { code, out } = await flotilla('plan', 'Compare the documents and recommend one')
  expect(code).toBe(0)
  expect(out).toMatch(/^Request {5}comparison/m)
  expect((await runs.list({ limit: 1 })).items[0]?.id).toBe(before)
})

test('the agents that do the work', async () => {
  const { out } = await flotilla('agents', 'list')
  expect(out).toMatch(/^AGENT +ROLE/)
  const id = /agt_\S+/.exec(out)?.[0] ?? ''
  expect((await flotilla('agents', 'show', id)).out).toContain(`id           ${id}`)
})

test('what an agent was, and what each version changed', async () => {
  const { agents } = createClient({ url })
  const fields = v.parse(AgentInputSchema, { name: 'Changed often', role: 'writer' })
  const agent = await agents.create(fields)
  await agents.replace(agent.id, { ...fields, systemPrompt: 'Be brief.', maxTurns: 5 })
  const { code, out } = await flotilla('agents', 'versions', agent.id)
  expect(code).toBe(0)
  expect(out).toMatch(/^VERSION +SINCE \(UTC\) +CHANGED\n +2 .* maxTurns, systemPrompt\n +1 .* \(the first one\)$/m)
  const first = await flotilla('agents', 'versions', agent.id, '--limit', '1')
  expect(first.out).toContain('(see the next page)')
  expect(first.err).toMatch(/More: flotilla agents versions agt_\S+ --cursor \S+/)
})

test('the doctor finds the system', async () => {
  const { code, out } = await flotilla('doctor')
  expect(out).toContain(`ready at ${url}`)
  expect(code).toBe(0)
})

test('a second system on the same data is refused with the pid of the first', async () => {
  const second = await flotilla('up')
  expect(second).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining(`is in use by process ${system.child.pid}`),
  })
  expect(await flotilla('cleanup', '--dry-run')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/is in use by process \d+: Flotilla runs there, and cleans up by itself/),
  })
  expect(await flotilla('migrate')).toMatchObject({ code: 1, err: expect.stringContaining('is in use by process') })
}, 90_000)

test('a worker that is killed in the middle costs the run nothing', async () => {
  const id = (await flotilla('run', 'Do it', '--plan', planFile('chain.json', chain(500)), '--detach')).out.trim()
  const client = createClient({ url })
  await until(async () => (await client.runs.get(id)).progress.completed > 50, { what: 'the run is on its way' })
  const started = /"pid":(\d+)/.exec(readFileSync(path.join(dir, 'logs/worker-1.log'), 'utf8'))
  process.kill(Number(started?.[1]), 'SIGKILL')
  const { code, out } = await flotilla('runs', 'watch', id, '--json')
  expect(code).toBe(0)
  const completed = lines<RunEvent>(out).flatMap(({ type, taskKey }) => (type === 'task.completed' ? [taskKey] : []))
  expect(completed).toHaveLength(500)
  expect(new Set(completed).size).toBe(500)
}, 90_000)

test('SIGTERM ends everything, with 0', async () => {
  const postmaster = Number(readFileSync(path.join(dir, 'pg/postmaster.pid'), 'utf8').split('\n')[0])
  system.child.kill('SIGTERM')
  expect(await system.exit).toBe(0)
  expect(existsSync(path.join(dir, 'server.json'))).toBe(false)
  expect(() => process.kill(postmaster, 0)).toThrow('ESRCH')
  await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed')
  // Another system may be at home at the usual address.
  expect((await flotilla('runs', 'list', '--url', url)).err).toContain('nothing listens there')
})
