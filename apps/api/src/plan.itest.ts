import type { PlanView, RunView } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expand, numericId, openApi, problemOf, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const PLAN = {
  tasks: [
    { key: 't1', role: 'researcher', title: 'Find out' },
    { key: 't2', role: 'writer', title: 'Write', dependsOn: ['t1'] },
  ],
}
const eventTypes = async (id: string): Promise<string[]> =>
  ((await api.call('GET', `/v1/runs/${id}/events`)).json as { items: { type: string }[] }).items.map(
    (event) => event.type,
  )

describe('a plan', () => {
  it('is shown with its versions, its defaults filled in', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    const plan = (await api.call('GET', `/v1/runs/${id}/plan`)).json as PlanView
    expect(plan).toMatchObject({ version: 1, versions: [{ version: 1, by: 'user', tasks: 2 }], result: null })
    expect(plan.tasks[1]).toMatchObject({
      key: 't2',
      dependsOn: ['t1'],
      verify: [],
      maxAttempts: 3,
      timeoutSeconds: 300,
    })
  })

  it('is shown in its plain form, which reads back', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    const shown = await api.call('GET', `/v1/runs/${id}/plan?format=text`)
    expect(shown.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(shown.text).toBe('Task 1: @researcher - Find out\nTask 2: @writer - Write (depends on Task 1)\n')
    const put = await api.call('PUT', `/v1/runs/${id}/plan`, {
      body: shown.text,
      headers: { 'content-type': 'text/plain' },
    })
    expect(put.status).toBe(200)
    expect((put.json as PlanView).tasks.map((task) => [task.key, task.role, task.dependsOn])).toEqual([
      ['t1', 'researcher', []],
      ['t2', 'writer', ['t1']],
    ])
  })

  it('is 404 while there is none, with the state, and for a version that never was', async () => {
    const id = await api.submit({ start: false })
    const none = await api.call('GET', `/v1/runs/${id}/plan`)
    expect([none.status, problemOf(none).detail]).toEqual([404, expect.stringContaining('is created')])
    await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    const answer = await api.call('GET', `/v1/runs/${id}/plan?version=2`)
    expect([answer.status, problemOf(answer).detail]).toEqual([404, expect.stringContaining('newest is 1')])
    expect((await api.call('GET', `/v1/runs/${id}/plan?version=0`)).status).toBe(422)
    expect((await api.call('GET', `/v1/runs/${id}/plan?format=xml`)).status).toBe(422)
  })
})

describe('replacing a plan', () => {
  it('makes the next version, and the run rests', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    const put = await api.call('PUT', `/v1/runs/${id}/plan`, { json: { tasks: [{ key: 'only', role: 'writer' }] } })
    expect(put.json).toMatchObject({ version: 2, versions: [{ version: 1 }, { version: 2 }], tasks: [{ key: 'only' }] })
    expect((await api.call('GET', `/v1/runs/${id}/plan?version=1`)).json).toMatchObject({
      version: 1,
      tasks: [{ key: 't1' }, { key: 't2' }],
    })
    expect((await api.call('GET', `/v1/runs/${id}`)).json).toMatchObject({
      status: 'awaiting_approval',
      planVersion: 2,
      dispatch: { kind: 'explicit' },
    })
    expect(await eventTypes(id)).toEqual(['run.created', 'run.plan_ready', 'run.awaiting_approval'])
    await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    expect(await eventTypes(id)).toEqual(['run.created', 'run.plan_ready', 'run.awaiting_approval', 'run.plan_ready'])
  })

  it('takes the fence from a planner at work', async () => {
    const id = await api.submit({ start: false })
    const fence = async () =>
      (await api.pool.query('select fence, holder from flotilla.runs where uid = $1', [id])).rows[0] as {
        fence: number
      }
    await api.pool.query(
      "update flotilla.runs set status = 'planning', holder = 'planner', fence = fence + 1 where uid = $1",
      [id],
    )
    const before = await fence()
    expect((await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })).status).toBe(200)
    expect(await fence()).toEqual({ fence: before.fence + 1, holder: null })
  })

  it('is forbidden once the run was started, with the state', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    await api.call('POST', `/v1/runs/${id}/start`)
    await expand(api, id)
    const answer = await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    expect([answer.status, problemOf(answer).detail]).toEqual([409, expect.stringContaining('executing')])
    const { rows } = await api.pool.query('select count(*)::int as n from flotilla.plans where run_id = $1', [
      await numericId(api, id),
    ])
    expect(rows).toEqual([{ n: 2 }])
  })

  it.each([
    [{ tasks: [{ key: 'a', role: 'writer', dependsOn: ['z'] }] }, 'invalid_input', '/tasks/0/dependsOn/0'],
    [{ tasks: [{ key: 'a', role: 'writer', when: 'x' }] }, 'unsupported', '/tasks/0/when'],
    [{ tasks: [], extra: 1 }, 'invalid_input', '/tasks'],
  ])('refuses %j', async (json, code, path) => {
    const id = await api.submit({ start: false })
    const answer = await api.call('PUT', `/v1/runs/${id}/plan`, { json })
    expect(answer.status).toBe(422)
    expect(problemOf(answer)).toMatchObject({
      code,
      errors: expect.arrayContaining([expect.objectContaining({ path })]),
    })
    expect(((await api.call('GET', `/v1/runs/${id}`)).json as RunView).planVersion).toBe(0)
  })

  it('names the line of a plain plan that cannot be read', async () => {
    const id = await api.submit({ start: false })
    const body = 'Task 1: @writer - Write\nTask 2: @writer - Check (depends on Task 7)\n'
    const answer = await api.call('PUT', `/v1/runs/${id}/plan`, { body, headers: { 'content-type': 'text/plain' } })
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors?.[0]?.message).toContain('line 2')
  })

  it('takes 10,000 tasks', async () => {
    const id = await api.submit({ start: false })
    const tasks = Array.from({ length: 10_000 }, (_, i) => ({
      key: `t${i}`,
      role: 'writer',
      dependsOn: i === 0 ? [] : [`t${i - 1}`],
    }))
    expect((await api.call('PUT', `/v1/runs/${id}/plan`, { json: { tasks } })).status).toBe(200)
  })
})
