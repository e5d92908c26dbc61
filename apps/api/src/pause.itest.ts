import type { RunView } from '@flotilla/domain'
import type { Hint } from '@flotilla/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, finish, numericId, openApi, problemOf, settle, type Api } from './testing/api-fixture.ts'

let api: Api
const hints: Hint[] = []
beforeAll(async () => {
  api = await openApi()
  api.hints.subscribe((hint) => hints.push(hint))
})
afterAll(() => api.close())

const PLAN = {
  tasks: [
    { key: 'a', role: 'writer' },
    { key: 'b', role: 'writer' },
  ],
}
const post = (id: string, verb: string) => api.call('POST', `/v1/runs/${id}/${verb}`)
const show = async (id: string): Promise<RunView> => (await api.call('GET', `/v1/runs/${id}`)).json
const eventTypes = async (id: string): Promise<string[]> => {
  const { items } = (await api.call('GET', `/v1/runs/${id}/events`)).json as { items: { type: string }[] }
  return items.map(({ type }) => type).filter((type) => type.startsWith('run.'))
}

describe('pausing a run', () => {
  it('keeps its tasks from starting, and resuming wakes for them', async () => {
    const id = await api.submit({ plan: PLAN })
    const runId = await expand(api, id)
    const running = await claimTask(api, runId, 0)
    const paused = await post(id, 'pause')
    expect([paused.status, paused.json]).toMatchObject([202, { id, status: 'paused' }])
    expect(hints).toContainEqual({ runId })
    expect(await show(id)).toMatchObject({ status: 'paused', cancellation: null })
    await expect(claimTask(api, runId, 1)).rejects.toThrow(/cannot be claimed/)
    expect((await settle(api, running)).tookEffect).toBe(true)
    const resumed = await post(id, 'resume')
    expect([resumed.status, resumed.json]).toMatchObject([202, { id, status: 'executing' }])
    expect(api.wokenTasks).toEqual([{ runId, idx: 1, role: 'writer', delayMs: 0, judge: false, priority: 5 }])
    await settle(api, await claimTask(api, runId, 1))
    await finish(api, runId)
    expect(await eventTypes(id)).toEqual([
      'run.created',
      'run.planning',
      'run.started',
      'run.paused',
      'run.progress',
      'run.resumed',
      'run.progress',
      'run.verifying',
      'run.completed',
    ])
  })

  it('and resuming it are done once, however often they are asked for', async () => {
    const id = await api.submit({ plan: PLAN })
    for (const verb of ['pause', 'resume'] as const) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => post(id, verb)))
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    }
    expect(await eventTypes(id)).toEqual(['run.created', 'run.paused', 'run.resumed'])
  })

  it('before it is planned leaves it to be planned after the resume', async () => {
    const id = await api.submit({ plan: PLAN })
    await post(id, 'pause')
    await expect(expand(api, id)).rejects.toThrow(/cannot be expanded/)
    const runId = await numericId(api, id)
    const before = api.woken.filter((woken) => woken === runId).length
    expect((await post(id, 'resume')).json).toMatchObject({ status: 'created' })
    expect(api.woken.filter((woken) => woken === runId)).toHaveLength(before + 1)
    await expand(api, id)
  })

  it('after its last task leaves its finishing for later', async () => {
    const id = await api.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const runId = await expand(api, id)
    const running = await claimTask(api, runId, 0)
    await post(id, 'pause')
    await settle(api, running)
    await expect(finish(api, runId)).rejects.toThrow(/cannot be finished/)
    expect((await post(id, 'resume')).json).toMatchObject({ status: 'verifying' })
    expect(api.finishing).toContain(runId)
    await finish(api, runId)
    expect(await show(id)).toMatchObject({ status: 'completed' })
  })

  it('is answered by a queue that is away, too', async () => {
    const away = (): Promise<void> => Promise.reject(new Error('the queue is away'))
    const deaf = await openApi(() => ({ wake: { plan: away, finish: away, tasks: away } }))
    const id = await deaf.submit()
    expect((await deaf.call('POST', `/v1/runs/${id}/pause`)).status).toBe(202)
    expect((await deaf.call('POST', `/v1/runs/${id}/resume`)).status).toBe(202)
    await deaf.close()
  })
})

describe('a control that the state forbids', () => {
  it.each(['start', 'plan'])('%s of a paused run says so, and what is allowed', async (what) => {
    const id = await api.submit({ plan: PLAN, start: false })
    await post(id, 'pause')
    const answer =
      what === 'start' ? await post(id, 'start') : await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    expect(answer.status).toBe(409)
    expect(problemOf(answer).detail).toMatch(/a run that is paused; allowed now: resume or cancel$/)
  })

  it.each(['pause', 'resume'])('%s of a run that has ended says so, and what is allowed', async (verb) => {
    const id = await api.submit({ plan: PLAN })
    await post(id, 'cancel')
    const answer = await post(id, verb)
    expect(answer.status).toBe(409)
    expect(problemOf(answer)).toMatchObject({
      code: 'conflict',
      detail: `cannot ${verb} a run that is cancelled; allowed now: delete`,
    })
  })

  it.each(['pause', 'resume'])('%s of no run is 404', async (verb) => {
    expect((await post('run_00000000000000000000000000', verb)).status).toBe(404)
  })

  it('paused runs are cancelled as others are', async () => {
    const id = await api.submit({ plan: PLAN })
    await expand(api, id)
    await post(id, 'pause')
    expect((await post(id, 'cancel')).json).toMatchObject({
      status: 'cancelled',
      cancellation: { was: 'paused', tasks: { ready: 2 } },
    })
    expect((await post(id, 'resume')).status).toBe(409)
  })
})
