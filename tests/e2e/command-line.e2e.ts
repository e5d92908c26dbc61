import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PlanInput, RunEvent, RunView } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { flotilla, runFlotilla, type Exit } from './fixture/program.ts'
import { untilEnded } from './fixture/run-record.ts'
import { temporaryFolder, useSystem } from './fixture/system.ts'

const PLAN: PlanInput = {
  tasks: [
    { key: 'a', role: 'researcher', title: 'Look' },
    { key: 'b', role: 'writer', title: 'Tell', dependsOn: ['a'] },
  ],
}

const backend = inject('redisUrl') === null ? 'postgres' : 'redis'

describe(`the command line, with its queue in ${backend}`, () => {
  let models: ModelServer
  let folder: string
  beforeAll(async () => {
    models = await startModelServer()
    folder = await temporaryFolder()
    await writeFile(path.join(folder, 'plan.json'), JSON.stringify(PLAN))
  })
  afterAll(async () => {
    await models.close()
    await rm(folder, { recursive: true, force: true })
  })
  const system = useSystem(() => ({ backend, env: models.env('chat') }))
  const call = (...args: string[]): Promise<Exit> => runFlotilla(args, { env: system().env, cwd: folder })
  const runIds = async (): Promise<string[]> => (await system().client.runs.list()).items.map(({ id }) => id)
  const answers = (goal: string, say: string): void => models.script(goal, () => ({ say }))

  describe('run', () => {
    test('shows the tasks on standard error, the result on standard output, and ends with 0', async () => {
      answers('Tell me', 'It is so.')
      const { code, stdout, stderr } = await call('run', 'Tell me', '--plan', 'plan.json')
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toMatch(/^Run run_[0-9a-z]{26} completed$/m)
      expect(stdout).toContain('It is so.')
      expect(stderr.match(/task completed/g)).toHaveLength(2)
    })

    test('--json writes the events as lines, then the run', async () => {
      answers('Tell a program', 'It is so.')
      const { code, stdout } = await call('run', 'Tell a program', '--plan', 'plan.json', '--json')
      expect(code).toBe(0)
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as RunEvent & RunView)
      const run = lines.pop()
      expect(run).toMatchObject({ status: 'completed', result: { text: 'It is so.' } })
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1))
      expect(lines.at(-1)?.type).toBe('run.completed')
    })

    test('a failed run ends with 1 and says why', async () => {
      models.script('Tell in vain', () => ({ status: 400 }))
      const { code, stdout } = await call('run', 'Tell in vain', '--plan', 'plan.json')
      expect(code).toBe(1)
      expect(stdout).toMatch(/^Run run_[0-9a-z]{26} failed$/m)
      expect(stdout).toContain('answered 400')
    })

    test.each([
      ['no goal', ['run'], 'the goal is missing'],
      ['an option that is not there', ['run', 'x', '--colour', 'red'], "unknown option '--colour'"],
      ['a file that is not there', ['run', 'x', '--plan', 'none.json'], 'none.json'],
      ['a goal that is too long', ['run', 'g'.repeat(33_000)], 'expected at most 32,000 characters, found 33,000'],
      ['a plan in a circle', ['run', 'x', '--plan', 'circle.json'], 'a → b → a'],
    ])('%s ends with 2', async (_what, args, message) => {
      const tasks = [
        { key: 'a', role: 'writer', dependsOn: ['b'] },
        { key: 'b', role: 'writer', dependsOn: ['a'] },
      ]
      await writeFile(path.join(folder, 'circle.json'), JSON.stringify({ tasks }))
      const before = await runIds()
      const { code, stdout, stderr } = await call(...args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(message)
      expect(await runIds()).toEqual(before)
    })

    test('Ctrl-C cancels the run and ends with 130', async () => {
      const held = holdCalls()
      models.script('Never mind', (asked) => held.hold(asked, { say: 'late' }))
      const running = flotilla(['run', 'Never mind', '--plan', 'plan.json', '--json'], {
        env: system().env,
        cwd: folder,
      })
      const [, id = ''] = await running.untilSays(/"runId":"(run_[0-9a-z]{26})"/)
      await held.untilHeld()
      running.signal('SIGINT')
      const { code, stdout } = await running.exited
      expect(code).toBe(130)
      expect(stdout).toContain('"run.cancelled"')
      expect((await system().client.runs.get(id)).status).toBe('cancelled')
    })

    test('--detach prints the id alone; the run is listed, watched, shown and reported', async () => {
      const held = holdCalls()
      models.script('Later', (asked) => held.hold(asked, { say: 'At last.' }))
      const { code, stdout } = await call('run', 'Later', '--plan', 'plan.json', '--detach')
      expect(code).toBe(0)
      expect(stdout).toMatch(/^run_[0-9a-z]{26}\n$/)
      const id = stdout.trim()
      await held.untilHeld()
      const listed = await call('runs', 'list', '--status', 'executing')
      expect(listed.stdout).toContain(id)

      const left = flotilla(['runs', 'watch', id, '--progress', 'plain'], { env: system().env })
      await until(() => left.stderr().includes('task started'), { what: 'the watcher has seen the run' })
      left.signal('SIGINT')
      expect(await left.exited).toMatchObject({ code: 130, stderr: expect.stringContaining(`${id} goes on`) })
      expect((await system().client.runs.get(id)).status).toBe('executing')

      const watching = call('runs', 'watch', id)
      held.stopHolding()
      const watched = await watching
      expect(watched.code).toBe(0)
      expect(watched.stdout).toContain('At last.')
      const shown = await call('runs', 'show', id)
      expect(shown.stdout).toMatch(/^b\s+completed\s+Writer/m)
      const report = await call('runs', 'show', id, '--report')
      expect(report.stdout).toBe((await system().client.runs.report(id)).trimEnd() + '\n')
    })
  })

  test('runs cancel cancels, once and again; what has ended is left as it is', async () => {
    const held = holdCalls()
    models.script('Stop it', (asked) => held.hold(asked, { say: 'late' }))
    const { id } = await system().client.runs.create({ goal: 'Stop it', plan: PLAN })
    await held.untilHeld()
    expect(await call('runs', 'cancel', id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${id} is cancelled`),
    })
    expect(await call('runs', 'cancel', id)).toMatchObject({ code: 0 })
    const watched = await call('runs', 'watch', id)
    expect(watched.code).toBe(1)
    const unknown = await call('runs', 'show', 'run_01jd0000000000000000000000')
    expect(unknown).toMatchObject({ code: 1, stdout: '' })
    expect(unknown.stderr).toContain('run_01jd0000000000000000000000')
  })

  test('plan previews, plans without starting, and prints the plan of a run', async () => {
    const before = await runIds()
    const preview = await call('plan', 'Look and tell', '--plan', 'plan.json', '--json')
    expect(preview.code).toBe(0)
    expect(JSON.parse(preview.stdout)).toMatchObject({
      dispatch: { kind: 'explicit' },
      analysis: { estimate: { tasks: 2 } },
    })
    expect(await runIds()).toEqual(before)
    const created = await call('plan', 'Look and tell', '--plan', 'plan.json', '--create')
    expect(created.code).toBe(0)
    expect(created.stdout).toMatch(/^Task 1: @researcher - Look\nTask 2: @writer - Tell \(depends on Task 1\)$/m)
    const [rested] = (await system().client.runs.list({ status: 'awaiting_approval' })).items
    expect((await call('plan', rested?.id ?? '')).stdout).toBe(created.stdout)
    answers('Look and tell', 'Told.')
    expect((await call('runs', 'start', rested?.id ?? '')).code).toBe(0)
    expect((await untilEnded(system().client, rested?.id ?? '')).run.status).toBe('completed')
  })

  test('the doctor finds nothing wrong', async () => {
    const { code, stdout } = await call('doctor', '--json')
    expect(code).toBe(0)
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] }
    expect(ok).toBe(true)
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'Node',
        'Database',
        'Migrations',
        backend === 'redis' ? 'Redis' : 'Queue',
        'Models',
        'Server',
      ]),
    )
  })

  test('a server that is not there is told with what to do', async () => {
    const { code, stderr } = await call('runs', 'list', '--url', 'http://127.0.0.1:1')
    expect(code).toBe(1)
    expect(stderr).toContain('cannot reach Flotilla at http://127.0.0.1:1')
    expect(stderr).toContain('flotilla up')
  })
})
