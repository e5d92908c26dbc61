import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { LARGE_BODY_BYTES } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, problemOf, unreachableDb, type Answer, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const task = (key: string, ...dependsOn: string[]) => ({ key, role: 'writer', dependsOn })
const withPlan = (plan: unknown) => ({ goal: 'x', plan })
const withTask = (fields: object) => withPlan({ tasks: [{ key: 'a', role: 'writer', ...fields }] })

/** Every refusal is a problem; nothing of a refused run is written. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: problemOf(answer).code }).toEqual({ status, code })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const { title, detail, type, requestId, ...problem } = problemOf(answer)
  expect(problem.status).toBe(status)
  for (const said of [title, detail]) expect(said.length).toBeGreaterThan(5)
  expect(type).toBe(`urn:flotilla:problem:${code}`)
  expect(answer.headers.get('x-request-id')).toBe(requestId)
}

const runsInRecord = async (): Promise<number> =>
  (await api.pool.query<{ n: number }>('select count(*)::int as n from flotilla.runs')).rows[0]?.n ?? -1

describe('a run that cannot be', () => {
  const cases: [what: string, body: unknown, path: string, message: RegExp][] = [
    ['an unknown field', { goal: 'x', gaol: 'y' }, '/gaol', /unknown field "gaol"/],
    ['a prototype as a field', JSON.parse('{"goal":"x","__proto__":1}'), '/__proto__', /unknown field/],
    ['no goal', {}, '/goal', /"goal" is missing/],
    ['a goal of another type', { goal: 5 }, '/goal', /expected the goal as text/],
    ['an empty goal', { goal: ' \n ' }, '/goal', /the goal is empty/],
    ['a goal of 33,000 characters', { goal: 'x'.repeat(33_000) }, '/goal', /at most 32,000 characters, found 33,000/],
    ['a goal that is not text', { goal: 'a\0b' }, '/goal', /NUL characters/],
    ['a list instead of a run', [], '/goal', /./],
    ['nothing instead of a run', null, '', /./],
    ['a priority out of range', { goal: 'x', priority: 10 }, '/priority', /0 \(last\) to 9 \(first\)/],
    ['an unknown mode', { goal: 'x', mode: 'fast' }, '/mode', /./],
    ['a label with spaces', { goal: 'x', labels: { 'a b': 'c' } }, '/labels/a b', /label/],
    ['a list instead of a budget', { goal: 'x', budget: [] }, '/budget', /found a list/],
    ['an unknown limit', { goal: 'x', budget: { usd: 1 } }, '/budget/usd', /expected tokens, costUsd,/],
    ['a negative budget', { goal: 'x', budget: { costUsd: -1 } }, '/budget/costUsd', /from 0 to/],
    ['no tasks', withPlan({ tasks: [] }), '/plan/tasks', /at least one task/],
    [
      '10,001 tasks',
      withPlan({ tasks: Array.from({ length: 10_001 }, (_, i) => task(`t${i}`)) }),
      '/plan/tasks',
      /at most 10,000 tasks, found 10001/,
    ],
    ['a duplicate key', withPlan({ tasks: [task('a'), task('a')] }), '/plan/tasks/1/key', /duplicate key "a"/],
    ['an unknown dependency', withPlan({ tasks: [task('a', 'b')] }), '/plan/tasks/0/dependsOn/0', /unknown task "b"/],
    [
      'a task that waits for itself',
      withPlan({ tasks: [task('a', 'a')] }),
      '/plan/tasks/0/dependsOn/0',
      /depends on itself/,
    ],
    ['an unknown result', withPlan({ tasks: [task('a')], result: 'z' }), '/plan/result', /unknown task "z"/],
    ['a malformed role', withTask({ role: 'Back End' }), '/plan/tasks/0/role', /"Back End" is not a role/],
    ['an unknown field of a task', withTask({ depends: [] }), '/plan/tasks/0/depends', /unknown field/],
    ['an unknown rule', withTask({ verify: [{ rule: 'nice' }] }), '/plan/tasks/0/verify/0/rule', /./],
    [
      'an expression that does not compile',
      withTask({ verify: [{ rule: 'matches', value: '(' }] }),
      '/plan/tasks/0/verify/0/value',
      /./,
    ],
    ['an unknown tool', withTask({ tools: ['fly'] }), '/plan/tasks/0/tools/0', /unknown tool "fly"/],
    ['no attempts', withTask({ maxAttempts: 0 }), '/plan/tasks/0/maxAttempts', /1 to 20/],
    [
      'a document that is not text',
      { goal: 'x', documents: [{ name: 'a', content: 'PK\u0003\0' }] },
      '/documents/0/content',
      /not text/,
    ],
    [
      'a document with half a character',
      { goal: 'x', documents: [{ name: 'a', content: '\ud800' }] },
      '/documents/0/content',
      /not text/,
    ],
    ['an empty document', { goal: 'x', documents: [{ name: 'a', content: '' }] }, '/documents/0/content', /empty/],
    [
      'an image of a type that no model reads',
      { goal: 'x', documents: [{ name: 'a.tiff', mediaType: 'image/tiff', data: 'SUkqAA==' }] },
      '/documents/0/mediaType',
      /a model reads image\/png, .* and application\/pdf; found image\/tiff\. Convert it/,
    ],
    [
      'an image that is none',
      { goal: 'x', documents: [{ name: 'a.png', mediaType: 'image/png', data: 'aGVsbG8=' }] },
      '/documents/0/data',
      /no image\/png by its first bytes/,
    ],
    [
      'data that is not base64',
      { goal: 'x', documents: [{ name: 'a.png', mediaType: 'image/png', data: '\u0089PNG' }] },
      '/documents/0/data',
      /not base64/,
    ],
    [
      'two documents of one name',
      {
        goal: 'x',
        documents: [
          { name: 'a', content: '1' },
          { name: 'a', content: '2' },
        ],
      },
      '/documents/1/name',
      /already/,
    ],
  ]

  it.each(cases)('is told of %s', async (_what, body, path, message) => {
    const before = await runsInRecord()
    const answer = await api.call('POST', '/v1/runs', { json: body })
    expectProblem(answer, 422, 'invalid_input')
    const [first] = problemOf(answer).errors ?? []
    expect(first?.path).toBe(path)
    expect(first?.message).toMatch(message)
    expect(await runsInRecord()).toBe(before)
  })

  it('is told of a cycle with its keys in order', async () => {
    const plan = { tasks: [task('a', 'c'), task('b', 'a'), task('c', 'b'), task('d')] }
    const answer = await api.call('POST', '/v1/runs', { json: withPlan(plan) })
    expectProblem(answer, 422, 'invalid_input')
    expect(problemOf(answer).errors).toEqual([
      {
        path: '/plan/tasks/0/dependsOn/0',
        message: expect.stringContaining('a → c → b → a'),
        cycle: ['a', 'c', 'b', 'a'],
      },
    ])
  })

  it('is told everything wrong at once, within reason', async () => {
    const tasks = Array.from({ length: 5_000 }, (_, i) => task(`t${i}`, 'nobody'))
    const answer = await api.call('POST', '/v1/runs', { json: withPlan({ tasks }) })
    expectProblem(answer, 422, 'invalid_input')
    expect(problemOf(answer).errors).toHaveLength(100)
    expect(problemOf(answer).detail).toContain('5000 errors')
  })

  const unsupported: [what: string, body: object, path: string][] = [
    ['a stored workflow', { workflow: { name: 'w' } }, '/workflow'],
    ['a collection', { collections: ['handbook'] }, '/collections'],
    ['autonomy', { mode: 'autonomous' }, '/mode'],
    ['approval', { approval: { plan: true } }, '/approval/plan'],
    ['a condition', { plan: { tasks: [{ key: 'a', role: 'writer', when: 'x' }] } }, '/plan/tasks/0/when'],
  ]
  it.each(unsupported)('is told that %s is not built yet', async (_what, fields, path) => {
    const answer = await api.call('POST', '/v1/runs', { json: { goal: 'x', ...fields } })
    expectProblem(answer, 422, 'unsupported')
    expect(problemOf(answer).errors?.[0]?.path).toBe(path)
  })

  it('may name such a field at its default', async () => {
    const json = {
      goal: 'x',
      workflow: null,
      collections: [],
      approval: { plan: false, delivery: false },
      budget: null,
      plan: null,
    }
    expect((await api.call('POST', '/v1/runs', { json })).status).toBe(202)
  })
})

describe('a body that cannot be read', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type?: string) =>
    api.call('POST', '/v1/runs', { body, headers: type === undefined ? {} : { 'content-type': type } })

  it.each([['{"goal": '], ['{goal: "x"}'], ['']])('is refused when it is not JSON: %j', async (body) => {
    expectProblem(await post(body, 'application/json'), 400, 'malformed_json')
  })
  it('is refused when it is not UTF-8, rather than mended', async () => {
    const body = new Uint8Array([...Buffer.from('{"goal":"'), 0xff, 0xfe, ...Buffer.from('"}')])
    expectProblem(await post(body, 'application/json'), 400, 'malformed_json')
  })
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'nonsense'])(
    'is refused as %s',
    async (type) => {
      expectProblem(await post('{"goal":"x"}', type), 415, 'unsupported_media_type')
    },
  )
  it('is taken as JSON with a charset', async () => {
    expect((await post('{"goal":"x"}', 'application/json;charset=UTF-8')).status).toBe(202)
  })

  it('is refused over the limit, told by its length', async () => {
    const content = 'x'.repeat(LARGE_BODY_BYTES)
    expectProblem(
      await api.call('POST', '/v1/runs', { json: { goal: 'x', documents: [{ name: 'a', content }] } }),
      413,
      'too_large',
    )
    expectProblem(await api.call('POST', '/v1/agents', { json: { name: 'x'.repeat(1024 * 1024) } }), 413, 'too_large')
  })
  it('is refused over the limit, told by nothing but its arrival', async () => {
    const piece = new Uint8Array(256 * 1024).fill(32)
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += piece.length
        if (sent > 2 * 1024 * 1024) controller.close()
        else controller.enqueue(piece)
      },
    })
    expectProblem(
      await api.call('POST', '/v1/agents', { body, headers: { 'content-type': 'application/json' } }),
      413,
      'too_large',
    )
  })
  it('is taken up to the limit', async () => {
    const content = 'x\n'.repeat(15 * 1024 * 1024)
    const answer = await api.call('POST', '/v1/runs', {
      json: { goal: 'large', documents: [{ name: 'a', content: content.slice(0, 20_000_000) }] },
    })
    expect(answer.status).toBe(202)
  })
})

describe('a call that is not there', () => {
  const unknown = 'run_01jd0000000000000000000000'
  it.each([
    ['GET', `/v1/runs/${unknown}`],
    ['DELETE', `/v1/runs/${unknown}`],
    ['POST', `/v1/runs/${unknown}/start`],
    ['POST', `/v1/runs/${unknown}/cancel`],
    ['GET', `/v1/runs/${unknown}/plan`],
    ['GET', `/v1/runs/${unknown}/tasks`],
    ['GET', `/v1/runs/${unknown}/tasks/a`],
    ['GET', `/v1/runs/${unknown}/tasks/a/stream`],
    ['GET', `/v1/runs/${unknown}/events`],
    ['GET', `/v1/runs/${unknown}/events/stream`],
    ['GET', `/v1/runs/${unknown}/report`],
    ['GET', `/v1/runs/${unknown}/artifacts`],
    ['GET', `/v1/runs/${unknown}/artifacts/a.md`],
    ['GET', `/v1/runs/${unknown}/documents`],
    ['GET', `/v1/runs/${unknown}/documents/a.md`],
    ['GET', '/v1/runs/1'],
    ['GET', '/v1/runs/%00'],
    ['GET', '/v1/runs/%zz'],
    ['GET', '/v1/agents/agt_01jd0000000000000000000000'],
    ['DELETE', '/v1/agents/%00'],
    ['GET', '/v1/nothing'],
    ['POST', `/v1/runs/${unknown}/pause`],
    ['POST', `/v1/runs/${unknown}/retry`],
    ['GET', '/docs/../package.json'],
    ['GET', '/docs/package.json'],
  ])('%s %s is 404', async (method, path) => {
    expectProblem(await api.call(method, path), 404, 'not_found')
  })

  it.each([
    ['PUT', '/v1/runs', 'GET, POST, HEAD'],
    ['DELETE', '/v1/runs', 'GET, POST, HEAD'],
    ['POST', `/v1/runs/${unknown}`, 'GET, PATCH, DELETE, HEAD'],
    ['GET', `/v1/runs/${unknown}/start`, 'POST'],
    ['DELETE', `/v1/runs/${unknown}/plan`, 'GET, PUT, HEAD'],
    ['GET', '/v1/analyses', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/v1/runs', 'GET, POST, HEAD'],
  ])('%s %s is 405 and says what is', async (method, path, allow) => {
    const answer = await api.call(method, path)
    expectProblem(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toBe(allow)
  })
})

describe('what is hardly HTTP', () => {
  it('gets a problem too', async () => {
    const { port } = new URL(api.url)
    const socket = connect(Number(port), '127.0.0.1', () => socket.end('GARBAGE\r\n\r\n'))
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain('"status":400')
  })
  it('gets one for a Host that is none', async () => {
    const answer = await raw('/v1/runs', { host: 'a b' })
    expect(answer).toEqual({ status: 400, type: 'application/problem+json' })
  })
})

describe('a page in a browser', () => {
  it.each([
    ['of another site writes', 'POST', { origin: 'https://evil.example' }],
    ['of no site writes', 'POST', { origin: 'null' }],
    ['whose name was turned to this machine reads', 'GET', { host: 'evil.example' }],
  ])('%s: refused', async (_what, method, headers) => {
    expect(await raw('/v1/runs', headers, method)).toEqual({ status: 403, type: 'application/problem+json' })
  })
  it.each([
    ['of this server writes', 'POST', () => ({ origin: api.url })],
    ['of a development server on this machine writes', 'POST', () => ({ origin: 'http://localhost:5173' })],
    ['reads by address', 'GET', () => ({ host: '127.0.0.1' })],
    ['reads by a loopback name', 'GET', () => ({ host: 'flotilla.localhost:3000' })],
  ])('%s: served', async (_what, method, headers) => {
    const { status } = await raw(
      '/v1/runs',
      { 'content-type': 'application/json', ...headers() },
      method,
      '{"goal":"x"}',
    )
    expect(status).toBe(method === 'POST' ? 202 : 200)
  })
})

/** With headers that fetch would not send. */
function raw(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  body?: string,
): Promise<{ status: number; type: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; type: string }>()
  const request = httpRequest(`${api.url}${path}`, { method, headers }, (response) => {
    response.resume()
    resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '' })
  })
  request.on('error', reject)
  request.end(method === 'GET' ? undefined : body)
  return promise
}

it('answers 503 and Retry-After, and tells nothing of the inside, when the database is away', async () => {
  const lonely = await openApi(() => ({ db: unreachableDb() }))
  const answer = await lonely.call('GET', '/v1/runs')
  expectProblem(answer, 503, 'unavailable')
  expect(answer.headers.get('retry-after')).toBe('2')
  expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN/)
  const ready = await lonely.call('GET', '/readyz')
  expect(ready.status).toBe(503)
  expect(ready.json).toMatchObject({
    code: 'unavailable',
    dependencies: {
      database: { status: 'down', reason: 'ECONNREFUSED' },
      migrations: { status: 'down' },
      queue: { status: 'up' },
    },
  })
  expect((await lonely.call('GET', '/healthz')).status).toBe(200)
  await lonely.close()
})

it('answers 500 with the id that its log has, and nothing of the inside, when it fails', async () => {
  const broken = await openApi((deps) => ({
    clock: {
      now: () => {
        throw new Error('the secret')
      },
    },
    db: deps.db,
  }))
  const answer = await broken.call('POST', '/v1/runs', { json: { goal: 'x' } })
  expectProblem(answer, 500, 'internal')
  expect(answer.text).not.toContain('secret')
  await broken.close()
})
