import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ApprovalView, OutcomeDecision, RunEvent } from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import tools from './fixture/payment-tools.ts'
import { runFlotilla } from './fixture/program.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { useSystem } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const workerOf = (event: RunEvent): string => (event.data['worker'] as string).replace(/@.*/, '')
const [PAY_OUT, CHARGE] = tools.map(({ name }) => name)

describeOnEachBackend('a worker killed while an unsafe tool runs', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: {
      ...models.env('chat'),
      FLOTILLA_WORKERS: '2',
      ...QUICK_RECOVERY,
      FLOTILLA_TOOLS: 'tests/e2e/fixture/payment-tools.ts',
    },
  }))
  beforeEach(async () => {
    for (const name of ['worker-1', 'worker-2']) await system().pidOf(name)
  })

  const linesOf = async (file: string): Promise<string[]> =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

  /** A run whose tool has done its work when its worker is killed. */
  async function killed(tool: string, name: string) {
    const { client, dataDir } = system()
    const goal = `${name} on ${backend}`
    const file = path.join(dataDir, `${name}.log`)
    models.script(goal, ({ turn }) => (turn === 1 ? { call: [{ tool, arguments: { file } }] } : { say: 'done' }))
    const { id } = await client.runs.create({ goal, plan: { tasks: [{ key: 'a', role: 'writer', tools: [tool] }] } })
    await until(async () => (await linesOf(file)).length === 1, { what: 'the tool has done its work' })
    // On a machine that is short of time the first attempt may have been lost before.
    const { items } = await client.runs.events(id)
    const started = items.findLast(({ type }) => type === 'task.started') as RunEvent
    await system().kill(workerOf(started))
    return { id, goal, file }
  }

  async function approvalOf(run: string): Promise<ApprovalView> {
    const { client } = system()
    await untilEvent(client, run, ({ type }) => type === 'approval.requested')
    const { items } = await client.approvals.list({ run, status: 'pending' })
    expect(items).toMatchObject([{ taskKey: 'a', subject: { tool: PAY_OUT, turn: 1 } }])
    expect((await client.runs.get(run)).status).toBe('executing')
    expect((await client.tasks.get(run, 'a')).status).toBe('awaiting_approval')
    return items[0] as ApprovalView
  }

  /** What the model was told of its call, and what the outside world shows, once it has been decided. */
  async function after(decision: OutcomeDecision, result?: string): Promise<{ lines: string[]; told: string }> {
    const { client } = system()
    const { id, goal, file } = await killed(PAY_OUT ?? '', decision)
    const approval = await approvalOf(id)
    await writeFile(`${file}.open`, '')
    expect(await linesOf(file)).toHaveLength(1)
    await client.approvals.decide(approval.id, { decision, result, by: 'ann' })
    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', result: { text: 'done' } })
    expect(completions(events)).toEqual({ a: 1 })
    expect(new Set(models.calls(goal).map(({ turn }) => turn))).toEqual(new Set([1, 2]))
    return { lines: await linesOf(file), told: models.calls(goal).at(-1)?.text ?? '' }
  }

  test('the call is made once more when a person says so, under the same effect id', async () => {
    const { lines, told } = await after('repeat')
    expect(lines).toEqual([lines[0], lines[0]])
    expect(told).toContain('paid, says the tool')
  })

  test('the call is not made again when a person has seen that it happened', async () => {
    const { lines, told } = await after('happened', 'paid, says ann')
    expect(lines).toHaveLength(1)
    expect(told).toContain('paid, says ann')
  })

  test('the call is not made again when it is skipped, and the agent goes on without it', async () => {
    const { lines, told } = await after('skip')
    expect(lines).toHaveLength(1)
    expect(told).toContain('a person decided not to repeat it')
  })

  test('nobody is asked where the tool itself finds out', async () => {
    const { client } = system()
    const { id, goal, file } = await killed(CHARGE ?? '', 'charge')
    const { run, events } = await untilEnded(client, id)
    expect(run.status).toBe('completed')
    expect(events.map(({ type }) => type)).not.toContain('approval.requested')
    expect(await linesOf(file)).toHaveLength(1)
    expect(models.calls(goal).at(-1)?.text).toContain('charged, says the ledger')
  })

  test('what waits is listed, shown and decided on the command line', async () => {
    const { client, env, url } = system()
    const { id, file } = await killed(PAY_OUT ?? '', 'command-line')
    const { id: approval } = await approvalOf(id)
    await writeFile(`${file}.open`, '')
    const flotilla = async (...args: string[]) => {
      const exit = await runFlotilla([...args, '--url', url], { env })
      expect(exit).toMatchObject({ code: 0 })
      return exit
    }
    expect((await flotilla('runs', 'show', id)).stderr).toContain(`flotilla approvals list --run ${id}`)
    const listed = await flotilla('approvals', 'list', '--run', id, '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({ items: [{ id: approval, status: 'pending' }] })
    expect((await flotilla('approvals', 'show', approval)).stderr).toContain(`approvals decide ${approval} repeat`)
    expect((await flotilla('approvals', 'decide', approval, 'skip', '--by', 'ann')).stdout).toContain(
      'is decided: skip',
    )
    const again = await runFlotilla(['approvals', 'decide', approval, 'repeat', '--url', url], { env })
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is decided: "skip" by ann')])
    expect((await untilEnded(client, id)).run.status).toBe('completed')
  })
})
