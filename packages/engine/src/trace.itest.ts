import { afterAll, beforeAll, expect, it } from 'vitest'
import { judged, openRuns, type Runs } from './testing/run-fixture.ts'
import { RUN, type TracedWork } from './trace.ts'

let runs: Runs
let traced: TracedWork[]
beforeAll(async () => {
  traced = []
  runs = await openRuns({ trace: (work) => void traced.push(work) })
})
afterAll(() => runs.close())

const titles = (parent: string | null): string[] =>
  traced.filter((work) => work.parent === parent).map(({ title }) => title)

it('a run is traced from its end down to its model and tool calls', async () => {
  runs.say({
    task: (_key, n) =>
      n === 0
        ? { toolCalls: [{ name: 'knowledge_search', arguments: { query: 'terms' } }] }
        : { text: 'Done.', usage: { inputTokens: 7, outputTokens: 3 } },
    judge: () => ({ text: judged(1) }),
  })
  const verify = [{ judge: 'It is good', threshold: 0.5 }]
  const plan = { tasks: [{ key: 'draft', role: 'writer', tools: ['knowledge_search'], verify }] }
  const runId = await runs.submit({ plan })
  await runs.plan(runId)
  await runs.work(runId)
  await runs.finish(runId)
  const { rows } = await runs.pool.query<{ uid: string; agent: string }>(
    `select r.uid, s.agent_name as agent from flotilla.runs r join flotilla.task_specs s on s.run_id = r.id where r.id = $1`,
    [runId],
  )
  const [{ uid, agent } = { uid: '', agent: '' }] = rows
  expect(new Set(traced.map(({ run }) => run))).toEqual(new Set([uid]))
  expect(titles(null)).toEqual(['invoke_workflow flotilla'])
  expect(titles(RUN)).toEqual([`invoke_agent ${agent}`, 'invoke_agent judge'])
  expect(titles('draft/1')).toEqual(['chat default', 'execute_tool knowledge_search', 'chat default'])
  expect(titles('draft/2')).toEqual(['chat default'])
  const answer = traced.findLast(({ parent }) => parent === 'draft/1')
  expect(answer).toMatchObject({
    remote: true,
    error: null,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'scripted',
      'gen_ai.request.model': 'default',
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
    },
  })
  const attempt = traced.find(({ id }) => id === 'draft/1')
  expect(attempt?.attributes).toMatchObject({ 'flotilla.task.key': 'draft', 'flotilla.attempt': 1 })
  for (const { startMs, endMs } of traced) expect(endMs).toBeGreaterThanOrEqual(startMs)
})
