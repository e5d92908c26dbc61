import { defineTool } from '@flotilla/agents'
import { inWorkspace, readApproval, readHistory, beginToolCall, step, type ClaimedTask } from '@flotilla/db'
import { NO_SPEND, type ApprovalDecision, type OutcomeDecision } from '@flotilla/domain'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { decideApproval, expireApprovals } from './decide-approval.ts'
import { openRuns, type Runs } from './testing/run-fixture.ts'
import { runState, taskStates, told } from './testing/run-reads.ts'

const CLAIMING = { settlements: [], cap: 0, served: null, leaseMs: 60_000, worker: 'w1' }

let runs: Runs
const effects: string[] = []
let broken = true

/** Does what it is to do, and then the line is dead, as long as it is `broken`. */
const pay = defineTool({
  name: 'pay',
  description: 'pays',
  parameters: v.strictObject({ to: v.string() }),
  retry: 'unsafe',
  timeoutMs: 5_000,
  run: async (_args, { effectId }) => {
    effects.push(effectId)
    if (broken) throw new Error('the line is dead')
    return { ok: true, text: 'receipt 2' }
  },
})

beforeAll(async () => {
  runs = await openRuns({ tools: [pay] })
})
afterAll(() => runs.close())

type Waiting = Readonly<{ runId: number; uid: string; approvalId: string }>

/** A run whose only task waits for a person. */
async function waiting(more: Parameters<Runs['submit']>[0] = {}): Promise<Waiting> {
  broken = true
  effects.length = 0
  runs.say({
    task: (_key, n) => (n === 0 ? { toolCalls: [{ name: 'pay', arguments: { to: 'ann' } }] } : { text: 'Done.' }),
  })
  const runId = await runs.submit({ plan: { tasks: [{ key: 'a', role: 'writer', tools: ['pay'] }] }, ...more }, ['pay'])
  await runs.plan(runId)
  await runs.work(runId)
  const { rows } = await runs.pool.query<{ uid: string; approvalId: string }>(
    'select r.uid, p.uid as "approvalId" from flotilla.approvals p join flotilla.runs r on r.id = p.run_id where r.id = $1',
    [runId],
  )
  expect(rows).toHaveLength(1)
  return { runId, ...(rows[0] as { uid: string; approvalId: string }) }
}

const woken: unknown[] = []
function decide(approvalId: string, decision: OutcomeDecision, more: Partial<ApprovalDecision> = {}, workspaceId = 1) {
  const wake = { tasks: async (tasks: readonly unknown[]) => void woken.push(...tasks) }
  return decideApproval(
    { db: runs.app, hints: runs.deps.hints, wake },
    { workspaceId, approvalId, decision: { decision, result: null, comment: null, by: null, ...more } },
  )
}
const view = (id: string) => inWorkspace(runs.app, 1, (tx) => readApproval(tx, id))
const types = async (runId: number): Promise<string[]> =>
  (await told(runs, runId)).flatMap(({ type }) =>
    /^(approval|task)\./.test(type) && type !== 'task.turn' ? [type] : [],
  )
const kinds = (ran: readonly ClaimedTask[]): string[] =>
  ran.map(({ kind, attempt, tries }) => `${kind} ${attempt} ${tries}`)
const lastTold = (): unknown => runs.calls().at(-1)?.request.messages.at(-1)?.content[0]

describe('a task that waits for a person', () => {
  it('holds no worker, lease or try, and its run goes on executing', async () => {
    const { runId, uid, approvalId } = await waiting()
    const { rows } = await runs.pool.query('select status, worker, due from flotilla.tasks where run_id = $1', [runId])
    expect(rows).toEqual([{ status: 'awaiting_approval', worker: null, due: null }])
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing', live: true })
    expect(await runs.work(runId)).toEqual([])
    expect(await types(runId)).toEqual(['task.ready', 'task.started', 'approval.requested'])
    expect(await view(approvalId)).toMatchObject({
      id: approvalId,
      runId: uid,
      taskKey: 'a',
      kind: 'tool_outcome',
      status: 'pending',
      decision: null,
      subject: {
        tool: 'pay',
        arguments: { to: 'ann' },
        effectId: `${uid}/a/1.1/0`,
        reason: 'it broke: the line is dead, and pay has no way to find out',
      },
    })
    const asked = (await told(runs, runId)).find(({ type }) => type === 'approval.requested')
    expect(asked?.data).toMatchObject({ approvalId, tool: 'pay', attempt: 1 })
  })
})

describe('a decision', () => {
  it('that it happened ends the call with what it answered, and the task goes on', async () => {
    const { runId, approvalId } = await waiting()
    woken.length = 0
    expect(await decide(approvalId, 'happened', { result: 'receipt 1', by: 'ann' })).toMatchObject({
      ok: true,
      value: { status: 'decided', decision: 'happened', result: 'receipt 1', decidedBy: 'ann' },
    })
    expect(woken).toEqual([{ runId, idx: 0, role: 'writer', priority: 5, delayMs: 0, judge: false }])
    expect(kinds(await runs.work(runId))).toEqual(['continuation 2 1'])
    expect(lastTold()).toMatchObject({ type: 'tool_result', content: 'receipt 1' })
    expect((await taskStates(runs, runId))[0]?.status).toBe('completed')
    expect(effects).toHaveLength(1)
    expect((await types(runId)).slice(2)).toEqual([
      'approval.requested',
      'approval.decided',
      'task.tool_called',
      'task.started',
      'task.completed',
    ])
  })

  it('to repeat it has it made once more, under the same effect id', async () => {
    const { runId, approvalId } = await waiting()
    broken = false
    await decide(approvalId, 'repeat')
    await runs.work(runId)
    expect(effects).toEqual([effects[0], effects[0]])
    expect(lastTold()).toMatchObject({ content: 'receipt 2' })
    expect((await taskStates(runs, runId))[0]?.status).toBe('completed')
  })

  it('to repeat it counts once: when that is lost too, a person is asked again', async () => {
    const { runId, approvalId } = await waiting()
    await decide(approvalId, 'repeat')
    await runs.work(runId)
    expect(effects).toHaveLength(2)
    expect((await taskStates(runs, runId))[0]?.status).toBe('awaiting_approval')
    const { rows } = await runs.pool.query('select status from flotilla.approvals where run_id = $1 order by id', [
      runId,
    ])
    expect(rows).toEqual([{ status: 'decided' }, { status: 'pending' }])
  })

  it('to repeat it is used up by the start of the call: a worker that is lost in it leaves it unknown again', async () => {
    const { runId, approvalId } = await waiting()
    await decide(approvalId, 'repeat')
    const ref = { runId, idx: 0 }
    const repeatable = async (attempt: number) =>
      (await readHistory(runs.db, ref, attempt, 'recovery'))[0]?.turns[0]?.toolCalls.map(({ mayRepeat }) => mayRepeat)
    expect(await repeatable(2)).toEqual([true])
    const { claimed } = await step(runs.pool, { ...CLAIMING, claims: [ref] })
    const call = { attempt: 1, turn: 1, n: 0, callId: 'c', effectId: 'e', tool: 'pay', arguments: { to: 'ann' } }
    const ask = { kind: 'tool', name: 'pay', most: { ...NO_SPEND, toolCalls: 1 } } as const
    const begun = await beginToolCall(runs.pool, claimed[0] as ClaimedTask, { ...call, key: 'again', ask })
    expect(begun).toEqual({ status: 'begun' })
    expect(await repeatable(3)).toEqual([false])
  })

  it('to skip it has the agent go on as if it had failed', async () => {
    const { runId, approvalId } = await waiting()
    await decide(approvalId, 'skip', { comment: 'the bank was asked' })
    await runs.work(runId)
    expect(lastTold()).toMatchObject({
      isError: true,
      content: expect.stringContaining('a person decided not to repeat it ("the bank was asked")'),
    })
    expect(effects).toHaveLength(1)
    expect((await taskStates(runs, runId))[0]?.status).toBe('completed')
  })

  it('is taken once, however many decide at the same moment', async () => {
    const { runId, approvalId } = await waiting()
    const answers = await Promise.all(
      (['happened', 'repeat', 'skip', 'happened', 'repeat', 'skip'] as const).map((decision) =>
        decide(approvalId, decision),
      ),
    )
    const decided = await view(approvalId)
    for (const [i, answer] of answers.entries()) {
      const same = ['happened', 'repeat', 'skip'][i % 3] === decided?.decision
      expect(answer).toMatchObject(same ? { ok: true } : { ok: false, code: 'conflict' })
    }
    expect((await types(runId)).filter((type) => type === 'approval.decided')).toHaveLength(1)
  })

  it('is not found where there is none, or in another workspace', async () => {
    const { approvalId } = await waiting()
    expect(await decide('apr_00000000000000000000000000', 'skip')).toMatchObject({ ok: false, code: 'not_found' })
    expect(await decide('nonsense', 'skip')).toMatchObject({ ok: false, code: 'not_found' })
    expect(await decide(approvalId, 'skip', {}, 2)).toMatchObject({ ok: false, code: 'not_found' })
    expect(await view(approvalId)).toMatchObject({ status: 'pending' })
  })
})

describe('what nobody has decided', () => {
  const overdue = (runId: number) =>
    runs.pool.query(`update flotilla.approvals set expires_at = clock_timestamp() where run_id = $1`, [runId])

  it('is skipped when its time is over, and is too late to decide', async () => {
    const { runId, approvalId } = await waiting()
    expect(await expireApprovals(runs.db)).toEqual([])
    await overdue(runId)
    expect(await expireApprovals(runs.db)).toMatchObject([{ runId, idx: 0 }])
    expect(await expireApprovals(runs.db)).toEqual([])
    expect(await view(approvalId)).toMatchObject({ status: 'expired', decision: 'skip', decidedBy: null })
    expect(await decide(approvalId, 'skip')).toMatchObject({
      ok: false,
      code: 'conflict',
      detail: expect.stringContaining('has expired, and "skip" was taken as decided'),
    })
    await runs.work(runId)
    expect(lastTold()).toMatchObject({ content: expect.stringContaining('nobody decided in time') })
    expect((await taskStates(runs, runId))[0]?.status).toBe('completed')
  })

  it('is withdrawn with its run', async () => {
    const { runId, uid, approvalId } = await waiting()
    expect((await cancelRun({ db: runs.app, hints: runs.deps.hints }, { workspaceId: 1, runId: uid })).ok).toBe(true)
    expect(await view(approvalId)).toMatchObject({ status: 'withdrawn', decision: null })
    expect((await taskStates(runs, runId))[0]?.status).toBe('cancelled')
    expect(await decide(approvalId, 'repeat')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('is withdrawn'),
    })
    await overdue(runId)
    expect(await expireApprovals(runs.db)).toEqual([])
  })
})

describe('a retry after a failure', () => {
  it('knows of the unsafe call that succeeded before it', async () => {
    broken = false
    effects.length = 0
    runs.say({
      task: (_key, n) =>
        n === 0
          ? { toolCalls: [{ name: 'pay', arguments: { to: 'ann' } }] }
          : n === 1
            ? { failure: { code: 'model_overloaded', message: 'busy' } }
            : { text: 'Done.' },
    })
    const runId = await runs.submit({ plan: { tasks: [{ key: 'a', role: 'writer', tools: ['pay'] }] } }, ['pay'])
    await runs.plan(runId)
    await runs.work(runId)
    await runs.hurry(runId)
    expect(kinds(await runs.work(runId))).toEqual(['retry 2 2'])
    expect(lastTold()).toMatchObject({ type: 'tool_result', content: 'receipt 2' })
    expect(effects).toHaveLength(1)
    expect((await taskStates(runs, runId))[0]?.status).toBe('completed')
  })
})
