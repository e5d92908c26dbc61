import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClient, type Client } from './client.ts'
import { answer, problem, RUN, startContractServer, type ContractServer } from './testing/contract-server.ts'
import { ProblemError, ServerUnreachableError, UnexpectedAnswerError } from './errors.ts'

let server: ContractServer
let client: Client
beforeEach(async () => {
  server = await startContractServer()
  client = createClient({ url: `${server.url}/`, apiKey: 'flt_key', retryDelaysMs: [1, 1] })
})
afterEach(() => server.close())

describe('creating a run', () => {
  test('sends the input, the key and an idempotency key', async () => {
    const created = await client.runs.create({ goal: 'compare', start: false })
    expect(created.status).toBe('created')
    const [request] = server.received
    expect(JSON.parse(request?.body ?? '')).toEqual({ goal: 'compare', start: false })
    expect(request?.headers).toMatchObject({ authorization: 'Bearer flt_key', 'content-type': 'application/json' })
    expect(request?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('repeats a lost answer under the same key, so that one run exists', async () => {
    let lost: unknown
    server.intercept((request, response) => {
      if (lost !== undefined || request.method !== 'POST') return false
      lost = request.headers['idempotency-key']
      response.destroy()
      return true
    })
    await client.runs.create({ goal: 'compare' })
    expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual([lost, lost])
  })

  test('two calls have two keys, and a given key is kept', async () => {
    const first = await client.runs.create({ goal: 'a' })
    const second = await client.runs.create({ goal: 'a' })
    expect(second.id).not.toBe(first.id)
    const named = await client.runs.create({ goal: 'a' }, { idempotencyKey: 'mine' })
    expect(await client.runs.create({ goal: 'a' }, { idempotencyKey: 'mine' })).toEqual(named)
  })
})

describe('errors', () => {
  test('a refusal carries the problem', async () => {
    const error: unknown = await client.runs.get('run_none').catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ProblemError)
    expect(error).toMatchObject({ status: 404, code: 'not_found', message: 'there is no /v1/runs/run_none' })
  })

  test('a problem with a code of a newer server is still a problem', async () => {
    server.intercept((_, response) => (problem(response, 418, 'teapot', 'short and stout'), true))
    await expect(client.runs.get(RUN)).rejects.toMatchObject({ status: 418, message: 'short and stout' })
  })

  test('a passing failure is tried again, one that stays is told', async () => {
    let failures = 2
    server.intercept((_, response) => {
      if (failures === 0) return false
      failures -= 1
      problem(response, 503, 'unavailable', 'the database cannot be reached')
      return true
    })
    expect(await client.runs.get(RUN)).toMatchObject({ id: RUN })
    failures = 3
    await expect(client.runs.get(RUN)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('what must not happen twice is not repeated', async () => {
    server.intercept((request, response) => request.method === 'DELETE' && (response.destroy(), true))
    await expect(client.runs.delete(RUN)).rejects.toBeInstanceOf(ServerUnreachableError)
    expect(server.received).toHaveLength(1)
  })

  test('nothing listens: says where and what to do', async () => {
    await server.close()
    const error: unknown = await client.runs.get(RUN).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ServerUnreachableError)
    expect((error as Error).message).toBe(
      `cannot reach Flotilla at ${server.url}: nothing listens there. Start it with \`flotilla up\`, or give its address with --url or FLOTILLA_URL`,
    )
    await server.listen()
  })

  test('no answer in time', async () => {
    server.intercept(() => true)
    const impatient = createClient({ url: server.url, timeoutMs: 20, retryDelaysMs: [] })
    await expect(impatient.runs.get(RUN)).rejects.toThrow('it does not answer in time')
  })

  test('another program on the port', async () => {
    server.intercept((_, response) => (response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi'), true))
    const error: unknown = await client.runs.get(RUN).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(UnexpectedAnswerError)
    expect((error as Error).message).toContain('answered 200 with text/html; is this the address of a Flotilla API?')
  })

  test("the caller's abort is the caller's reason", async () => {
    server.intercept(() => true)
    const abort = new AbortController()
    const call = client.runs.get(RUN, { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })
})

test('reads every page of tasks', async () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key }))
  server.intercept((request, response) => {
    if (!request.path.endsWith('/tasks')) return false
    const from = Number(request.query.get('cursor') ?? 0)
    answer(response, 200, {
      items: all.slice(from, from + 2),
      nextCursor: from + 2 < all.length ? String(from + 2) : null,
    })
    return true
  })
  expect((await client.tasks.all(RUN)).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('asks for the forms of plan and report', async () => {
  server.intercept((request, response) => (response.end(`${request.headers.accept} ${request.query.toString()}`), true))
  expect(await client.runs.report(RUN)).toBe('text/markdown ')
  expect(await client.plan.text(RUN)).toBe('text/plain format=text')
})

test('an artifact comes with its type and exact bytes', async () => {
  server.intercept((request, response) => {
    if (!request.path.endsWith('/artifacts/a%20b.bin')) return false
    response.writeHead(200, { 'content-type': 'application/x-thing' }).end(Buffer.from([0, 255, 10]))
    return true
  })
  const artifact = await client.artifacts.get(RUN, 'a b.bin')
  expect(artifact.mediaType).toBe('application/x-thing')
  expect([...artifact.content]).toEqual([0, 255, 10])
})

test('a server that is not ready answers what it waits for', async () => {
  const dependencies = { database: { status: 'down', reason: 'connection refused' } }
  server.intercept((_, response) => (answer(response, 503, { status: 503, dependencies }), true))
  expect(await client.ready()).toEqual({ ready: false, dependencies })
})

test('dead letters are listed with their filters, shown and redriven', async () => {
  server.intercept((_, response) => (answer(response, 200, { items: [], nextCursor: null }), true))
  expect(await client.deadLetters.list({ run: RUN, redriven: false, limit: 5 })).toEqual({
    items: [],
    nextCursor: null,
  })
  await client.deadLetters.get('dead_1')
  await client.deadLetters.redrive('dead_1')
  expect(Object.fromEntries(server.received[0]?.query ?? [])).toEqual({ run: RUN, limit: '5', redriven: 'false' })
  expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/dead-letters',
    'GET /v1/dead-letters/dead_1',
    'POST /v1/dead-letters/dead_1/redrive',
  ])
})

test('the month, its costs, models and lanes are read, and limits are set', async () => {
  server.intercept((_, response) => (answer(response, 200, {}), true))
  await client.budget.get()
  await client.budget.replace({ limits: { costUsd: 5 } })
  await client.budget.change({ limits: { tokens: null } })
  await client.costs({ by: 'label:team', limit: 3 })
  await client.models()
  await client.lanes()
  expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())).toEqual([
    'GET /v1/budget',
    'PUT /v1/budget {"limits":{"costUsd":5}}',
    'PATCH /v1/budget {"limits":{"tokens":null}}',
    'GET /v1/costs',
    'GET /v1/models',
    'GET /v1/lanes',
  ])
  expect(Object.fromEntries(server.received[3]?.query ?? [])).toEqual({ by: 'label:team', limit: '3' })
})
