import type { Agent, AgentVersion, ToolView } from '@flotilla/domain'
import type { Hint } from '@flotilla/engine'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openApi, problemOf, type Api } from './testing/api-fixture.ts'

let api: Api
const hints: Hint[] = []
beforeAll(async () => {
  api = await openApi()
  api.hints.subscribe((hint) => hints.push(hint))
})
afterAll(() => api.close())

const create = (json: object, headers: Record<string, string> = {}) => api.call('POST', '/v1/agents', { json, headers })

describe('an agent', () => {
  it('is created with its defaults, and its role is told at once', async () => {
    const answer = await create({ name: 'Ada', role: 'mathematician' })
    expect(answer.status).toBe(201)
    const agent = answer.json as Agent
    expect(agent).toEqual({
      id: expect.stringMatching(/^agt_/),
      version: 1,
      origin: 'user',
      name: 'Ada',
      role: 'mathematician',
      description: '',
      capabilities: [],
      model: null,
      systemPrompt: '',
      tools: ['knowledge_search', 'write_artifact'],
      maxTurns: 12,
      maxOutputTokens: 4_096,
      modelSettings: {},
      enabled: true,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    })
    expect(answer.headers.get('location')).toBe(`/v1/agents/${agent.id}`)
    expect(hints).toContainEqual({ roles: ['mathematician'] })
    expect((await api.call('GET', `/v1/agents/${agent.id}`)).json).toEqual(agent)
  })

  it('has a name of its own', async () => {
    await create({ name: 'Grace', role: 'writer' })
    const again = await create({ name: 'Grace', role: 'checker' })
    expect([again.status, problemOf(again).code, problemOf(again).detail]).toEqual([
      409,
      'conflict',
      expect.stringContaining('"Grace"'),
    ])
    const other = (await create({ name: 'Edsger', role: 'writer' })).json as Agent
    const renamed = await api.call('PATCH', `/v1/agents/${other.id}`, { json: { name: 'Grace' } })
    expect(renamed.status).toBe(409)
    const both = await Promise.all([create({ name: 'Alan', role: 'writer' }), create({ name: 'Alan', role: 'writer' })])
    expect(both.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409])
  })

  it('is created once for an idempotency key', async () => {
    const key = { 'idempotency-key': 'a1' }
    const first = await create({ name: 'Barbara', role: 'writer' }, key)
    const second = await create({ name: 'Barbara', role: 'writer' }, key)
    expect([second.status, second.json]).toEqual([201, first.json])
    expect((await create({ name: 'Liskov', role: 'writer' }, key)).status).toBe(409)
    expect((await create({ name: 'Barbara', role: 'writer' }, { 'idempotency-key': 'a2' })).status).toBe(409)
    expect((await create({ name: 'Barbara 2', role: 'writer' }, { 'idempotency-key': 'a2' })).status).toBe(201)
  })

  it('is a version later after each change, and not after none', async () => {
    const { id } = (await create({ name: 'Donald', role: 'writer', description: 'old' })).json as Agent
    const patch = (json: object) => api.call('PATCH', `/v1/agents/${id}`, { json })
    expect((await patch({ systemPrompt: 'Be brief' })).json).toMatchObject({
      version: 2,
      systemPrompt: 'Be brief',
      description: 'old',
    })
    expect((await patch({ systemPrompt: 'Be brief' })).json).toMatchObject({ version: 2 })
    const put = await api.call('PUT', `/v1/agents/${id}`, { json: { name: 'Donald', role: 'writer' } })
    expect(put.json).toMatchObject({ version: 3, systemPrompt: '', description: '' })
    expect((await patch({ version: 9 })).status).toBe(422)
    expect((await patch({ role: 'No Role' })).status).toBe(422)
    const many = await Promise.all(Array.from({ length: 5 }, (_, i) => patch({ description: `d${i}` })))
    expect(many.map((answer) => (answer.json as Agent).version).toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7, 8])
  })

  it('keeps what it was, newest first, and can be made so again', async () => {
    const { id } = (await create({ name: 'Niklaus', role: 'writer', description: 'one' })).json as Agent
    const patch = (json: object) => api.call('PATCH', `/v1/agents/${id}`, { json })
    await patch({ description: 'two' })
    await patch({ description: 'two' })
    await patch({ description: 'three', modelSettings: { parallelToolCalls: false } })
    type Versions = { items: AgentVersion[]; nextCursor: string | null }
    const versions = async (query = ''): Promise<Versions> =>
      (await api.call('GET', `/v1/agents/${id}/versions${query}`)).json
    const told = ({ items }: Versions) => items.map(({ version, definition }) => [version, definition.description])
    const all = await versions()
    expect(told(all)).toEqual([
      [3, 'three'],
      [2, 'two'],
      [1, 'one'],
    ])
    expect(all.items.map(({ since }) => since)).toEqual(
      all.items
        .map(({ since }) => since)
        .toSorted()
        .toReversed(),
    )
    const first = await versions('?limit=2')
    const second = await versions(`?limit=2&cursor=${first.nextCursor}`)
    expect([told(first), told(second), second.nextCursor]).toEqual([told(all).slice(0, 2), told(all).slice(2), null])
    const again = await api.call('PUT', `/v1/agents/${id}`, { json: all.items[2]?.definition })
    expect(again.json).toMatchObject({ version: 4, description: 'one', modelSettings: {} })
    expect((await versions()).items[0]?.definition).toEqual(all.items[2]?.definition)
    expect((await versions(`?limit=2&cursor=${first.nextCursor}`)).items).toEqual(second.items)
    await api.call('DELETE', `/v1/agents/${id}`)
    expect((await api.call('GET', `/v1/agents/${id}/versions`)).status).toBe(404)
    expect((await api.call('GET', '/v1/agents/nobody/versions')).status).toBe(404)
  })

  it('is gone once deleted, and its name is free', async () => {
    const { id } = (await create({ name: 'Charles', role: 'engineer' })).json as Agent
    expect((await api.call('DELETE', `/v1/agents/${id}`)).status).toBe(204)
    for (const method of ['GET', 'DELETE']) expect((await api.call(method, `/v1/agents/${id}`)).status).toBe(404)
    expect((await api.call('PATCH', `/v1/agents/${id}`, { json: { enabled: false } })).status).toBe(404)
    expect((await create({ name: 'Charles', role: 'engineer' })).status).toBe(201)
  })

  it.each([
    [{ role: 'writer' }, '/name'],
    [{ name: ' ', role: 'writer' }, '/name'],
    [{ name: 'x', role: 'Writer' }, '/role'],
    [{ name: 'x', role: 'writer', maxTurns: 0 }, '/maxTurns'],
    [{ name: 'x', role: 'writer', tools: 'all' }, '/tools'],
    [{ name: 'x', role: 'writer', systemPrompt: 'a\0' }, '/systemPrompt'],
    [{ name: 'x', role: 'writer', secret: 1 }, '/secret'],
    [{ name: 'x', role: 'writer', model: 'llama3:8b' }, '/model'],
    [{ name: 'x', role: 'writer', model: 'openai:' }, '/model'],
    [{ name: 'x', role: 'writer', tools: ['read_document', 'fly'] }, '/tools/1'],
  ])('is refused as %j', async (json, path) => {
    const answer = await create(json)
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors?.[0]?.path).toBe(path)
  })
})

describe('a tool that nobody has', () => {
  it('is refused by name, with those that there are and what to do', async () => {
    const refused = await create({ name: 'Icarus', role: 'pilot', tools: ['fly'] })
    expect(problemOf(refused).detail).toMatch(
      /unknown tool "fly": expected one of knowledge_search, read_document, write_artifact; take it out, or .*FLOTILLA_TOOLS/,
    )
    const { id } = (await create({ name: 'Daedalus', role: 'pilot' })).json as Agent
    const put = await api.call('PUT', `/v1/agents/${id}`, { json: { name: 'Daedalus', role: 'pilot', tools: ['fly'] } })
    const patch = await api.call('PATCH', `/v1/agents/${id}`, { json: { tools: ['fly'] } })
    expect([put, patch].map((answer) => [answer.status, problemOf(answer).errors?.[0]?.path])).toEqual([
      [422, '/tools/0'],
      [422, '/tools/0'],
    ])
  })

  it('does not keep an agent that has it from being changed otherwise', async () => {
    const { id } = (await create({ name: 'Talos', role: 'guard' })).json as Agent
    await api.pool.query(`update flotilla.agents set tools = '["gone"]' where uid = $1`, [id])
    const changed = await api.call('PATCH', `/v1/agents/${id}`, { json: { enabled: false } })
    expect([changed.status, (changed.json as Agent).tools]).toEqual([200, ['gone']])
  })
})

it('tools are listed, also those of the operator, which agents may have', async () => {
  const pay = { name: 'pay', description: 'Pays.', origin: 'own', retry: 'unsafe', needsDocuments: false } as const
  const other = await openApi(({ tools }) => ({ tools: [...tools, pay] }))
  onTestFinished(() => other.close())
  const { items } = (await other.call('GET', '/v1/tools')).json as { items: ToolView[] }
  expect(items.map(({ name, origin }) => `${name} ${origin}`)).toEqual([
    'knowledge_search builtin',
    'read_document builtin',
    'write_artifact builtin',
    'pay own',
  ])
  const clerk = await other.call('POST', '/v1/agents', { json: { name: 'Clerk', role: 'clerk', tools: ['pay'] } })
  expect(clerk.status).toBe(201)
})

it('agents are listed oldest first, by role and in pages', async () => {
  const listed: Agent[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = (await api.call('GET', `/v1/agents?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`)).json as {
      items: Agent[]
      nextCursor: string | null
    }
    listed.push(...page.items)
    cursor = page.nextCursor
  }
  expect(listed.map((agent) => agent.name)).toContain('Ada')
  expect(new Set(listed.map((agent) => agent.id)).size).toBe(listed.length)
  const only = (await api.call('GET', '/v1/agents?role=mathematician')).json as { items: Agent[] }
  expect(only.items.map((agent) => agent.name)).toEqual(['Ada'])
  expect((await api.call('GET', '/v1/agents?role=No%20Role')).status).toBe(422)
})

it('statistics are listed by task type, role, agent and model', async () => {
  const { id } = (await create({ name: 'Statistician', role: 'counter' })).json as Agent
  const { rows } = await api.pool.query<{ id: number }>('select id from flotilla.agents where uid = $1', [id])
  for (const type of ['data', 'research', 'writing'])
    await api.pool.query(
      `insert into flotilla.agent_stats (workspace_id, task_type, role, agent_id, model, runs, successes, scored, score_sum, latency_sum_ms, tokens_sum, cost_sum)
        values (1, $1, 'counter', $2, 'noop:noop', 4, 3, 2, 1.5, 800, 400, 1)`,
      [type, rows[0]?.id],
    )
  type Page = { items: { taskType: string }[]; nextCursor: string | null }
  const stats = async (query: string): Promise<Page> => (await api.call('GET', `/v1/stats/agents?${query}`)).json
  const first = await stats('limit=2')
  expect(first.items[0]).toEqual({
    taskType: 'data',
    role: 'counter',
    agentId: id,
    model: 'noop:noop',
    runs: 4,
    successes: 3,
    meanScore: 0.75,
    meanLatencyMs: 200,
    meanTokens: 100,
    meanCostUsd: 0.25,
  })
  const second = await stats(`limit=2&cursor=${first.nextCursor}`)
  expect([...first.items, ...second.items].map((item) => item.taskType)).toEqual(['data', 'research', 'writing'])
  expect(second.nextCursor).toBeNull()
  expect((await stats(`taskType=research&role=counter&agentId=${id}`)).items).toHaveLength(1)
  expect((await stats('role=nobody')).items).toEqual([])
  expect((await api.call('GET', '/v1/stats/agents?agentId=x')).status).toBe(422)
})
