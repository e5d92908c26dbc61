import { randomBytes } from 'node:crypto'
import { sortableId, type ApprovalView, type Problem } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, openApi, settle, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const PLAN = { tasks: [{ key: 'a', role: 'writer' }] }

/** A run whose only task waits for a person; its ids. */
async function waiting(): Promise<{ run: string; id: string }> {
  const run = await api.submit({ plan: PLAN })
  const runId = await expand(api, run)
  const task = await claimTask(api, runId, 0)
  const id = sortableId('apr', Date.now(), randomBytes(16))
  const subject = { tool: 'pay', arguments: { to: 'ann' }, effectId: 'e1', attempt: 1, turn: 1, n: 0, reason: 'lost' }
  const approval = { uid: id, kind: 'tool_outcome', subject, expiresMs: 60_000 }
  await settle(api, task, 'await', { approval, event: { approvalId: id } })
  return { run, id }
}
const decide = (id: string, json: unknown) => api.call('POST', `/v1/approvals/${id}/decision`, { json })
const listed = async (query: string): Promise<string[]> =>
  ((await api.call('GET', `/v1/approvals${query}`)).json as { items: ApprovalView[] }).items.map((item) => item.id)

describe('approvals', () => {
  it('are listed page by page, by status and by run', async () => {
    const [one, two] = [await waiting(), await waiting()]
    expect(await listed('')).toEqual([one.id, two.id])
    const first = (await api.call('GET', '/v1/approvals?limit=1')).json as { items: ApprovalView[]; nextCursor: string }
    expect(first.items).toMatchObject([{ id: one.id, runId: one.run, taskKey: 'a', status: 'pending', decision: null }])
    expect(await listed(`?limit=1&cursor=${first.nextCursor}`)).toEqual([two.id])
    expect(await listed(`?run=${two.run}&status=pending`)).toEqual([two.id])
    await decide(one.id, { decision: 'skip' })
    expect(await listed('?status=pending')).toEqual([two.id])
    expect(await listed('?status=decided')).toEqual([one.id])
    expect((await api.call('GET', `/v1/runs/${one.run}`)).json).toMatchObject({ status: 'executing' })
  })

  it('are decided once: the same again is no error, another is a conflict with what was decided', async () => {
    const { id } = await waiting()
    const told = { decision: 'happened', result: 'receipt 1', comment: 'seen' }
    const decision = { ...told, by: 'ann' }
    const decided = await decide(id, decision)
    expect(decided.status).toBe(200)
    expect(decided.json).toMatchObject({ id, status: 'decided', ...told, decidedBy: 'ann' })
    expect(api.wokenTasks).toContainEqual(expect.objectContaining({ idx: 0, role: 'writer' }))
    expect((await decide(id, decision)).status).toBe(200)
    const refused = await decide(id, { decision: 'repeat' })
    expect(refused.status).toBe(409)
    expect((refused.json as Problem).detail).toBe(
      `approval ${id} is decided: "happened" by ann, with the result "receipt 1"; a decision is not changed`,
    )
    expect((await api.call('GET', `/v1/approvals/${id}`)).json).toMatchObject({ decision: 'happened' })
  })

  it('are withdrawn when their run is cancelled', async () => {
    const { run, id } = await waiting()
    await api.call('POST', `/v1/runs/${run}/cancel`)
    expect((await api.call('GET', `/v1/approvals/${id}`)).json).toMatchObject({ status: 'withdrawn' })
    expect((await decide(id, { decision: 'skip' })).status).toBe(409)
  })

  it.each([
    [{ decision: 'maybe' }, '/decision'],
    [{ decision: 'skip', result: 'x' }, '/result'],
    [{ decision: 'skip', why: 'x' }, '/why'],
  ])('refuse %j', async (json, path) => {
    const { id } = await waiting()
    const answer = await decide(id, json)
    expect(answer.status).toBe(422)
    expect((answer.json as Problem).errors).toMatchObject([{ path }])
  })

  it.each(['?status=maybe', '?run=nonsense', '?limit=0', '?cursor=x'])('refuse the query %s', async (query) => {
    expect((await api.call('GET', `/v1/approvals${query}`)).status).toBe(422)
  })

  it('that there are not are 404', async () => {
    expect((await api.call('GET', '/v1/approvals/apr_1')).status).toBe(404)
    expect((await decide('apr_00000000000000000000000000', { decision: 'skip' })).status).toBe(404)
  })
})
