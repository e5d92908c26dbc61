import type { PlanTaskInput } from '@flotilla/domain'
import { describeOnEachBackend } from '@flotilla/testing'
import { describe, expect, test } from 'vitest'
import { randomDag } from './fixture/random-dag.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem, type System } from './fixture/system.ts'

async function expectAllDoneOnce(
  { client }: System,
  tasks: readonly PlanTaskInput[],
  timeoutMs?: number,
): Promise<void> {
  const { id } = await client.runs.create({ goal: `${tasks.length} tasks`, plan: { tasks: [...tasks] } })
  const { run, events } = await untilEnded(client, id, timeoutMs)
  const { length: total } = tasks
  expect(run).toMatchObject({ status: 'completed', progress: { total, completed: total, percent: 100 } })
  const counts = completions(events)
  expect(Object.keys(counts)).toHaveLength(total)
  expect(Object.values(counts).filter((count) => count !== 1)).toEqual([])
  expect(run.usage.modelCalls).toBe(total)
}

/** In three layers of a thousand, a thousand less one, and one: wide, with a join of everything. */
function wide(width: number): PlanTaskInput[] {
  const first = Array.from({ length: width }, (_, i) => ({ key: `a${i}`, role: 'researcher' }))
  const second = Array.from({ length: width - 1 }, (_, i) => ({
    key: `b${i}`,
    role: 'analyst',
    dependsOn: [`a${i}`, `a${i + 1}`],
  }))
  return [...first, ...second, { key: 'end', role: 'writer', dependsOn: second.map(({ key }) => key) }]
}

describeOnEachBackend('plans of every shape', (backend) => {
  describe.each(backend === 'redis' ? [0, 200] : [0])('with trees up to %i tasks', (treeMax) => {
    const system = useSystem(() => ({ backend, env: { FLOTILLA_TREE_MAX: String(treeMax), FLOTILLA_WORKERS: '2' } }))

    test.each([1, 2, 3])('a random graph of 30 tasks is done in order, each task once (seed %i)', async (seed) => {
      await expectAllDoneOnce(system(), randomDag(30, seed))
    })

    test('several at once', async () => {
      await Promise.all([11, 12, 13, 14, 15].map((seed) => expectAllDoneOnce(system(), randomDag(30, seed))))
    })

    // Larger than any tree: the same batches for both.
    if (treeMax > 0) return

    test('a plan of 2,000 tasks', async () => {
      await expectAllDoneOnce(system(), wide(1_000), 110_000)
    })

    test('a plan of 10,000 tasks is accepted and made ready to start', async () => {
      const { client } = system()
      const tasks = Array.from({ length: 10_000 }, (_, i) => ({
        key: `t${i}`,
        role: 'writer',
        dependsOn: i === 0 ? [] : [`t${i - 1}`],
      }))
      const { id } = await client.runs.create({ goal: 'As large as can be', plan: { tasks }, start: false })
      await untilEvent(client, id, ({ type }) => type === 'run.awaiting_approval')
      expect((await client.plan.get(id)).tasks).toHaveLength(10_000)
      expect((await client.runs.cancel(id)).status).toBe('cancelled')
    })
  })
})
