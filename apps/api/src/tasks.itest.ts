import type { PlanTaskInput, RunView, TaskSummaryView, TaskView } from '@flotilla/domain'
import { beginToolCall, finishToolCall, recordTurn, reserveCalls, settleCalls } from '@flotilla/db'
import { NO_SPEND, NO_USAGE } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, finish, openApi, problemOf, runToEnd, settle, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

type Page = { items: TaskSummaryView[]; nextCursor: string | null }

const start = async (tasks: PlanTaskInput[]): Promise<{ id: string; runId: number }> => {
  const id = await api.submit({ plan: { tasks } })
  return { id, runId: await expand(api, id) }
}
const get = async <T>(path: string): Promise<T> => (await api.call('GET', path)).json

const CHAIN: PlanTaskInput[] = [
  { key: 'a', role: 'writer', title: 'First', instructions: 'Begin' },
  { key: 'b', role: 'checker', dependsOn: ['a'] },
  { key: 'c', role: 'writer', dependsOn: ['b', 'a'] },
]

describe('the tasks of a run', () => {
  it('come in plan order, with what they wait for', async () => {
    const { id } = await start(CHAIN)
    const page = await get<Page>(`/v1/runs/${id}/tasks`)
    expect(page.items.map((t) => [t.key, t.status, t.role, t.dependsOn])).toEqual([
      ['a', 'ready', 'writer', []],
      ['b', 'pending', 'checker', ['a']],
      ['c', 'pending', 'writer', ['b', 'a']],
    ])
    expect(page.nextCursor).toBeNull()
    expect(page.items[0]).toMatchObject({
      runId: id,
      id: expect.stringMatching(/^task_/),
      title: 'First',
      attempt: 0,
      error: null,
      startedAt: null,
    })
  })

  it('come in pages, each once', async () => {
    const { id } = await start(Array.from({ length: 250 }, (_, i) => ({ key: `t${i}`, role: 'writer' })))
    const keys: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Page = await get(`/v1/runs/${id}/tasks?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)
      keys.push(...page.items.map((t) => t.key))
      cursor = page.nextCursor
    }
    expect(keys).toEqual(Array.from({ length: 250 }, (_, i) => `t${i}`))
    expect((await get<Page>(`/v1/runs/${id}/tasks?limit=250`)).nextCursor).toBeNull()
  })

  it('tell what each has spent and holds of its own budget, in the list and alone', async () => {
    const { id, runId } = await start([
      { key: 'a', role: 'writer', budget: { tokens: 5_000, costUsd: 2 } },
      { key: 'b', role: 'writer' },
    ])
    const budgets = async () => (await get<Page>(`/v1/runs/${id}/tasks`)).items.map(({ budget }) => budget)
    const unspent = { reserved: NO_SPEND, spent: NO_SPEND }
    expect(await budgets()).toEqual([
      { limits: { tokens: 5_000, costUsd: 2 }, ...unspent },
      { limits: {}, ...unspent },
    ])
    const most = { tokens: 100, costUsd: 0.5, toolCalls: 0, seconds: 30 }
    const used = { tokens: 40, costUsd: 0.125, toolCalls: 0, seconds: 2.5 }
    for (const idx of [0, 1]) {
      const { fence } = await claimTask(api, runId, idx)
      const ask = { runId, idx, fence, kind: 'model', name: 'anthropic:claude', purpose: 'task', most } as const
      await reserveCalls(api.pool, [
        { ...ask, key: `${idx}/paid` },
        { ...ask, key: `${idx}/open` },
      ])
      await settleCalls(api.pool, [{ runId, key: `${idx}/paid`, used }])
    }
    const held = { reserved: most, spent: used }
    expect(await budgets()).toEqual([
      { limits: { tokens: 5_000, costUsd: 2 }, ...held },
      { limits: {}, ...held },
    ])
    expect((await get<TaskView>(`/v1/runs/${id}/tasks/a`)).budget).toEqual((await budgets())[0])
  })

  it('are none before the plan is expanded', async () => {
    const id = await api.submit({ plan: { tasks: CHAIN } })
    expect(await get(`/v1/runs/${id}/tasks`)).toEqual({ items: [], nextCursor: null })
  })
})

describe('a task', () => {
  it('that runs shows its attempt from its own row, its turns and its tool calls', async () => {
    const { id, runId } = await start(CHAIN)
    const claim = await claimTask(api, runId, 0)
    const usage = { ...NO_USAGE, inputTokens: 7, outputTokens: 3, modelCalls: 1, costUsd: 0.5 }
    const turn = {
      turn: 1,
      model: 'noop:noop',
      request: ['q'],
      reply: ['r'],
      stopReason: 'tool_use',
      usage,
      context: { cut: [] },
      startedAt: new Date().toISOString(),
    }
    expect(await recordTurn(api.pool, claim, { ...turn, event: { turn: 1 } })).toBe(true)
    const call = { attempt: 1, turn: 1, n: 0 }
    await beginToolCall(api.pool, claim, {
      ...call,
      key: 'tool',
      ask: { kind: 'tool', name: 'knowledge_search', most: { ...NO_SPEND, toolCalls: 1 } },
      callId: 'c1',
      effectId: 'e1',
      tool: 'knowledge_search',
      arguments: { query: 'x' },
    })
    await finishToolCall(api.pool, claim, {
      ...call,
      status: 'succeeded',
      result: 'found',
      event: { tool: 'knowledge_search' },
    })
    const task = await get<TaskView>(`/v1/runs/${id}/tasks/a`)
    expect(task).toMatchObject({
      status: 'in_progress',
      instructions: 'Begin',
      attempt: 1,
      output: null,
      context: { cut: [] },
      selection: { agent: 'writer' },
    })
    expect(task.attempts).toEqual([
      {
        number: 1,
        kind: 'first',
        status: 'running',
        worker: 'w1',
        startedAt: expect.any(String),
        finishedAt: null,
        error: null,
        usage: { ...usage, toolCalls: 1 },
      },
    ])
    expect(task.turns).toMatchObject([
      {
        attempt: 1,
        turn: 1,
        stopReason: 'tool_use',
        toolCalls: [
          { effectId: 'e1', tool: 'knowledge_search', arguments: { query: 'x' }, status: 'succeeded', result: 'found' },
        ],
      },
    ])
    expect(task.usage).toMatchObject({ inputTokens: 7, outputTokens: 3, toolCalls: 1, modelCalls: 1, costUsd: 0.5 })
  })

  it('that was handed back was not begun again', async () => {
    const { id, runId } = await start(CHAIN)
    await settle(api, await claimTask(api, runId, 0), 'release')
    expect((await get<Page>(`/v1/runs/${id}/tasks`)).items[0]).toMatchObject({ attempt: 1, begun: 1 })
    const again = await claimTask(api, runId, 0)
    expect(await get<TaskView>(`/v1/runs/${id}/tasks/a`)).toMatchObject({ attempt: 2, begun: 1 })
    await settle(api, again, 'retry', { error: { code: 'model_timeout', message: 'too slow' } })
    await settle(api, await claimTask(api, runId, 0))
    expect(await get<TaskView>(`/v1/runs/${id}/tasks/a`)).toMatchObject({ attempt: 3, begun: 2 })
  })

  it('that is done shows its output, and its cost counts in the run', async () => {
    const { id, runId } = await start(CHAIN)
    await settle(api, await claimTask(api, runId, 0))
    const task = await get<TaskView>(`/v1/runs/${id}/tasks/a`)
    expect(task).toMatchObject({
      status: 'completed',
      output: { text: 'done' },
      finishedAt: expect.any(String),
      usage: { inputTokens: 30, outputTokens: 12, costUsd: 0.25 },
    })
    expect(task.attempts).toMatchObject([{ number: 1, status: 'succeeded', finishedAt: expect.any(String) }])
    const run = await get<RunView>(`/v1/runs/${id}`)
    expect(run).toMatchObject({
      status: 'executing',
      progress: { total: 3, completed: 1, failed: 0, skipped: 0, percent: 33 },
      budget: { spent: { tokens: 42, costUsd: 0.25, toolCalls: 0 } },
      usage: { inputTokens: 30, modelCalls: 1 },
      startedAt: expect.any(String),
    })
  })

  it('that failed says why, and what waited for it is skipped', async () => {
    const { id, runId } = await start(CHAIN)
    await settle(api, await claimTask(api, runId, 0), 'fail', {
      error: { code: 'model_refused', message: 'it would not' },
    })
    const { items } = await get<Page>(`/v1/runs/${id}/tasks`)
    expect(items.map((t) => [t.status, t.error?.code])).toEqual([
      ['failed', 'model_refused'],
      ['skipped', undefined],
      ['skipped', undefined],
    ])
    expect((await get<RunView>(`/v1/runs/${id}`)).progress).toEqual({
      total: 3,
      completed: 0,
      failed: 1,
      skipped: 2,
      percent: 100,
    })
  })

  it('that a verdict refused says what was not met', async () => {
    const { id, runId } = await start([{ key: 'a', role: 'writer', verify: [{ rule: 'minLength', value: 900 }] }])
    const findings = [{ criterion: 'minLength 900', by: 'rule' as const, rationale: '4', score: 0, passed: false }]
    await settle(api, await claimTask(api, runId, 0), 'fail', {
      attemptStatus: 'succeeded',
      verdict: { decision: 'rejected', score: 0, findings },
    })
    const task = await get<TaskView>(`/v1/runs/${id}/tasks/a`)
    expect(task.error).toEqual({ code: 'verification_failed', message: expect.stringContaining('minLength 900') })
    expect(task.verdicts).toMatchObject([{ attempt: 1, decision: 'rejected', score: 0, judgeModel: null, findings }])
    expect(task.score).toBe(0)
  })

  it('that is not there is 404', async () => {
    const { id } = await start(CHAIN)
    for (const key of ['z', '%00', 'a%2Fb']) {
      const answer = await api.call('GET', `/v1/runs/${id}/tasks/${key}`)
      expect([answer.status, problemOf(answer).code]).toEqual([404, 'not_found'])
    }
  })
})

describe('the end of a run', () => {
  it('is shown with its result, quality and report', async () => {
    const { id, runId } = await start(CHAIN)
    const early = await api.call('GET', `/v1/runs/${id}/report`)
    expect([early.status, problemOf(early).detail]).toEqual([409, expect.stringContaining('executing')])
    await runToEnd(api, runId)
    expect(await get(`/v1/runs/${id}`)).toMatchObject({
      status: 'completed',
      result: { text: 'done' },
      quality: { score: 1 },
      progress: { percent: 100 },
      finishedAt: expect.any(String),
    })
    const report = (accept?: string) =>
      api.call('GET', `/v1/runs/${id}/report`, { headers: accept === undefined ? {} : { accept } })
    expect((await report('application/json')).json).toEqual({ title: 'Report' })
    const markdown = await report('text/markdown')
    expect([markdown.text, markdown.headers.get('content-type')]).toEqual(['# Report', 'text/markdown; charset=utf-8'])
    expect((await report('text/html,*/*;q=0.8')).text).toBe('# Report')
    expect((await report('application/json;q=0.9, text/markdown;q=0.1')).json).toEqual({ title: 'Report' })
  })

  it('of a cancelled run has no report', async () => {
    const { id } = await start(CHAIN)
    await api.call('POST', `/v1/runs/${id}/cancel`)
    expect((await api.call('GET', `/v1/runs/${id}/report`)).status).toBe(404)
  })

  it('leaves deliverables, served only to be kept', async () => {
    const { id, runId } = await start(CHAIN)
    const names = ['notes.md', 'dir/Übersicht "1".html', 'evil.bin']
    const types = ['text/markdown', 'text/html', 'not a type\r\nx-evil: 1']
    for (const [i, name] of names.entries())
      await api.pool.query(
        "insert into flotilla.artifacts (run_id, name, workspace_id, idx, attempt, media_type, size_bytes, sha256, content) values ($1, $2, 1, 0, 1, $3, 2, 'abc', $4)",
        [runId, name, types[i], Buffer.from('hi')],
      )
    await settle(api, await claimTask(api, runId, 0), 'fail', { error: { code: 'internal', message: 'x' } })
    await finish(api, runId, 'failed')
    const list = await get<{ items: { name: string; taskKey: string }[] }>(`/v1/runs/${id}/artifacts?limit=2`)
    expect(list.items).toHaveLength(2)
    expect(list.items[0]).toMatchObject({ taskKey: 'a', sizeBytes: 2, sha256: 'abc' })
    const { items } = await get<{ items: { name: string }[] }>(
      `/v1/runs/${id}/artifacts?limit=2&cursor=${(list as unknown as { nextCursor: string }).nextCursor}`,
    )
    expect(items).toHaveLength(1)
    const page = await api.call('GET', `/v1/runs/${id}/artifacts/${encodeURIComponent(names[1] as string)}`)
    expect([page.status, page.text]).toEqual([200, 'hi'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-disposition')).toBe(
      `attachment; filename="_bersicht _1_.html"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.html`,
    )
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(
      (await api.call('GET', `/v1/runs/${id}/artifacts/dir/${encodeURIComponent('Übersicht "1".html')}`)).status,
    ).toBe(200)
    const evil = await api.call('GET', `/v1/runs/${id}/artifacts/evil.bin`)
    expect([evil.headers.get('content-type'), evil.headers.get('x-evil')]).toEqual(['application/octet-stream', null])
    expect((await api.call('GET', `/v1/runs/${id}/artifacts/none.md`)).status).toBe(404)
  })
})
