import { cleanPiece } from '@flotilla/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expand, openApi, readSse, runToEnd, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

/** A run that ended ten days ago. */
async function oldRun(): Promise<string> {
  const id = await api.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
  const runId = await expand(api, id)
  await runToEnd(api, runId)
  await api.pool.query(`update flotilla.runs set finished_at = now() - interval '10 days' where id = $1`, [runId])
  return id
}
const page = async (id: string) => {
  const { items, trimmed } = (await api.call('GET', `/v1/runs/${id}/events`)).json as {
    items: { seq: number; type: string }[]
    trimmed?: true
  }
  return { types: items.map((event) => event.type), trimmed }
}

describe('a run that is thinned out', () => {
  it('says so on its page of events, and keeps its own; its report, tasks and output stay', async () => {
    const id = await oldRun()
    expect(await page(id)).toMatchObject({ trimmed: undefined })
    await cleanPiece(api.pool, { runsDays: null, eventsDays: 9, keysDays: null })
    expect(await page(id)).toEqual({
      trimmed: true,
      types: ['run.created', 'run.planning', 'run.started', 'run.verifying', 'run.completed'],
    })
    expect((await api.call('GET', `/v1/runs/${id}/report`)).status).toBe(200)
    const task = (await api.call('GET', `/v1/runs/${id}/tasks/a`)).json as Record<string, unknown>
    expect(task).toMatchObject({
      status: 'completed',
      output: { text: 'done' },
      attempts: [{ status: 'succeeded' }],
      turns: [{ request: null, reply: null, usage: { inputTokens: 30 } }],
    })
  })

  it('ends its stream with the terminal event, for whoever reads it', async () => {
    const id = await oldRun()
    await cleanPiece(api.pool, { runsDays: null, eventsDays: 9, keysDays: null })
    const { events, ended } = await readSse(`${api.url}/v1/runs/${id}/events/stream`)
    expect(ended).toBe(true)
    expect(events.map((event) => event.event)).toEqual([
      'run.created',
      'run.planning',
      'run.started',
      'run.verifying',
      'run.completed',
    ])
  })
})

describe('a run that is being removed', () => {
  it('is not found, in no list, and free to be deleted no more', async () => {
    const id = await oldRun()
    // As after the first piece of a large run: it is marked, its rows are still there.
    await api.pool.query(`update flotilla.runs set retention = 'removing' where uid = $1`, [id])
    for (const path of [
      '',
      '/events',
      '/events/stream',
      '/tasks',
      '/tasks/a',
      '/report',
      '/artifacts',
      '/documents',
      '/documents/a',
      '/plan',
    ])
      expect([path, (await api.call('GET', `/v1/runs/${id}${path}`)).status]).toEqual([path, 404])
    for (const [method, path] of [
      ['POST', '/cancel'],
      ['DELETE', ''],
    ] as const)
      expect((await api.call(method, `/v1/runs/${id}${path}`)).status).toBe(404)
    const list = (await api.call('GET', '/v1/runs')).json as { items: { id: string }[] }
    expect(list.items.map((run) => run.id)).not.toContain(id)
  })
})
