import type { Problem } from '@flotilla/domain'
import { beforeAll, describe, expect, test } from 'vitest'
import { untilEnded } from './fixture/run-record.ts'
import { readRecord } from './fixture/record.ts'
import { useSystem } from './fixture/system.ts'

const system = useSystem(() => ({ backend: 'postgres' }))

type Call = Readonly<{ method?: string; path: string; json?: unknown; body?: string; type?: string }>
type Answer = Readonly<{ status: number; type: string; problem: Problem; headers: Headers }>

async function send({ method = 'POST', path, json, body, type = 'application/json' }: Call): Promise<Answer> {
  const content = json === undefined ? body : JSON.stringify(json)
  const response = await fetch(`${system().url}${path}`, {
    method,
    ...(content === undefined ? {} : { body: content, headers: { 'content-type': type } }),
  })
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    problem: JSON.parse(text) as Problem,
    headers: response.headers,
  }
}

/** Everything that a run, or a part of one, could have left in the record. */
const TABLES = [
  'runs',
  'run_specs',
  'plans',
  'tasks',
  'events',
  'documents',
  'collections',
  'idempotency_keys',
  'agents',
]
async function recorded(): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(select count(*)::int from flotilla.${table}) as ${table}`)
  const [row] = await readRecord<Record<string, number>>(system(), `select ${counts.join(', ')}`)
  return row ?? {}
}

let before: Record<string, number>
let runId: string
beforeAll(async () => {
  const { client } = system()
  const { id } = await client.runs.create({ goal: 'There before', plan: { tasks: [{ key: 'a', role: 'writer' }] } })
  await untilEnded(client, id)
  runId = id
  before = await recorded()
})
const expectNothingWritten = async (): Promise<void> => expect(await recorded()).toEqual(before)

const create = (json: unknown): Call => ({ path: '/v1/runs', json })
const withTasks = (tasks: readonly object[]): Call => create({ goal: 'x', plan: { tasks } })
const task = (key: string, ...dependsOn: string[]): object => ({ key, role: 'writer', dependsOn })
const UNKNOWN = 'run_01jd0000000000000000000000'

type Expected = Readonly<{ status: number; code: string; path?: string; message: string | RegExp }>
const CASES: readonly (readonly [what: string, call: () => Call, expected: Expected])[] = [
  [
    'an unknown field',
    () => create({ goal: 'x', gaol: 1 }),
    { status: 422, code: 'invalid_input', path: '/gaol', message: /gaol|unknown/i },
  ],
  [
    'a wrong type',
    () => create({ goal: 5 }),
    { status: 422, code: 'invalid_input', path: '/goal', message: 'expected the goal as text' },
  ],
  [
    'an empty goal',
    () => create({ goal: ' \n\t ' }),
    { status: 422, code: 'invalid_input', path: '/goal', message: 'the goal is empty' },
  ],
  [
    'a goal of 33,000 characters',
    () => create({ goal: 'g'.repeat(33_000) }),
    { status: 422, code: 'invalid_input', path: '/goal', message: 'expected at most 32,000 characters, found 33,000' },
  ],
  [
    'a plan without tasks',
    () => withTasks([]),
    { status: 422, code: 'invalid_input', path: '/plan/tasks', message: 'at least one task' },
  ],
  [
    'a circle',
    () => withTasks([task('a', 'c'), task('b', 'a'), task('c', 'b')]),
    { status: 422, code: 'invalid_input', message: /a → c → b → a|a → b → c → a|circle|cycle/ },
  ],
  [
    'a task that waits for itself',
    () => withTasks([task('a', 'a')]),
    { status: 422, code: 'invalid_input', path: '/plan/tasks/0/dependsOn/0', message: 'a' },
  ],
  [
    'an unknown dependency',
    () => withTasks([task('a'), task('b', 'nobody')]),
    { status: 422, code: 'invalid_input', path: '/plan/tasks/1/dependsOn/0', message: 'nobody' },
  ],
  [
    'two tasks of one key',
    () => withTasks([task('a'), task('a')]),
    { status: 422, code: 'invalid_input', path: '/plan/tasks/1/key', message: 'a' },
  ],
  [
    '10,001 tasks',
    () => withTasks(Array.from({ length: 10_001 }, (_, i) => task(`t${i}`))),
    { status: 422, code: 'invalid_input', path: '/plan/tasks', message: 'at most 10,000 tasks, found 10001' },
  ],
  [
    'a malformed role',
    () => withTasks([{ key: 'a', role: 'The Writer' }]),
    { status: 422, code: 'invalid_input', path: '/plan/tasks/0/role', message: 'is not a role' },
  ],
  [
    'a document that is no text',
    () => create({ goal: 'x', documents: [{ name: 'a', content: 'PK\u0000\u0003' }] }),
    { status: 422, code: 'invalid_input', path: '/documents/0/content', message: 'not text' },
  ],
  [
    'a capability that is not built',
    () => create({ goal: 'x', mode: 'autonomous' }),
    { status: 422, code: 'unsupported', path: '/mode', message: 'not supported' },
  ],
  [
    'bad JSON',
    () => ({ path: '/v1/runs', body: '{"goal": ' }),
    { status: 400, code: 'malformed_json', message: /JSON/ },
  ],
  [
    'another media type',
    () => ({ path: '/v1/runs', body: 'goal=x', type: 'application/x-www-form-urlencoded' }),
    { status: 415, code: 'unsupported_media_type', message: 'application/json' },
  ],
  [
    'a body over 32 MiB',
    () => create({ goal: 'x', documents: [{ name: 'a', content: 'x'.repeat(33 * 1024 * 1024) }] }),
    { status: 413, code: 'too_large', message: /32/ },
  ],
  [
    'a body over 1 MiB elsewhere',
    () => ({ path: '/v1/agents', json: { name: 'n'.repeat(1024 * 1024) } }),
    { status: 413, code: 'too_large', message: /1/ },
  ],
  [
    'an unknown run',
    () => ({ method: 'GET', path: `/v1/runs/${UNKNOWN}` }),
    { status: 404, code: 'not_found', message: UNKNOWN },
  ],
  [
    'the cancelling of an unknown run',
    () => ({ path: `/v1/runs/${UNKNOWN}/cancel` }),
    { status: 404, code: 'not_found', message: UNKNOWN },
  ],
  [
    'an unknown task',
    () => ({ method: 'GET', path: `/v1/runs/${runId}/tasks/nobody` }),
    { status: 404, code: 'not_found', message: 'nobody' },
  ],
  [
    'an unknown path',
    () => ({ method: 'GET', path: '/v1/nothing' }),
    { status: 404, code: 'not_found', message: '/v1/nothing' },
  ],
  [
    'a wrong method',
    () => ({ method: 'PATCH', path: '/v1/runs', json: {} }),
    { status: 405, code: 'method_not_allowed', message: 'PATCH' },
  ],
  [
    'the cancelling of what is completed',
    () => ({ path: `/v1/runs/${runId}/cancel` }),
    { status: 409, code: 'conflict', message: 'completed' },
  ],
  [
    'another plan for what is completed',
    () => ({ method: 'PUT', path: `/v1/runs/${runId}/plan`, json: { tasks: [task('b')] } }),
    { status: 409, code: 'conflict', message: 'completed' },
  ],
  [
    'a page that is none',
    () => ({ method: 'GET', path: '/v1/runs?limit=0' }),
    { status: 422, code: 'invalid_input', path: '/limit', message: /limit|1/ },
  ],
]

describe('is refused, with a problem that says what to do, and nothing written:', () => {
  test.each(CASES)('%s', async (_what, call, { status, code, path, message }) => {
    const { problem, ...answer } = await send(call())
    expect({ status: answer.status, type: answer.type, code: problem.code, told: problem.status }).toEqual({
      status,
      type: expect.stringMatching(/^application\/problem\+json/),
      code,
      told: status,
    })
    expect(problem.title).not.toBe('')
    const told = [problem.detail, ...(problem.errors ?? []).map((issue) => issue.message)].join('\n')
    expect(told).toMatch(message)
    if (path !== undefined) expect((problem.errors ?? []).map((issue) => issue.path)).toContain(path)
    await expectNothingWritten()
  })
})

test('a circle is named by its keys, in order', async () => {
  const { problem } = await send(withTasks([task('z'), task('a', 'c', 'z'), task('b', 'a'), task('c', 'b')]))
  const cycles = (problem.errors ?? []).flatMap((issue) => ('cycle' in issue ? [issue.cycle] : []))
  expect(cycles).toHaveLength(1)
  const [cycle = []] = cycles
  expect(cycle).toHaveLength(4)
  expect(cycle?.[0]).toBe(cycle?.at(-1))
  expect(new Set(cycle)).toEqual(new Set(['a', 'b', 'c']))
})

test('everything that is wrong is told at once', async () => {
  const { problem } = await send(
    create({ goal: '', priority: 12, plan: { tasks: [task('a'), { key: '-', role: 'B' }] } }),
  )
  const paths = (problem.errors ?? []).map((issue) => issue.path)
  expect(paths).toEqual(expect.arrayContaining(['/goal', '/priority', '/plan/tasks/1/key', '/plan/tasks/1/role']))
})
