import { randomBytes } from 'node:crypto'
import {
  CreateRunSchema,
  deadLetterId,
  type DeadLetterSummaryView,
  type DeadLetterView,
  type TaskView,
} from '@flotilla/domain'
import { submitRun } from '@flotilla/engine'
import { systemClock } from '@flotilla/runtime'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claimTask, expand, finish, numericId, openApi, problemOf, settle, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
beforeEach(() => api.pool.query('delete from flotilla.runs'))
afterAll(() => api.close())

type Page = { items: DeadLetterSummaryView[]; nextCursor: string | null }
const list = async (query = ''): Promise<Page> => (await api.call('GET', `/v1/dead-letters${query}`)).json

const ERROR = { code: 'worker_lost' as const, message: 'the worker was lost 6 times' }
const CHAIN = [
  { key: 'a', role: 'writer' },
  { key: 'b', role: 'writer', dependsOn: ['a'], maxAttempts: 2 },
]

/** A run whose second task has died; `ended`: to its last event. */
async function deadRun(ended = true, submit = api.submit): Promise<{ id: string; letter: string }> {
  const id = await submit({ plan: { tasks: CHAIN } })
  const runId = await expand(api, id)
  const [b] = (await settle(api, await claimTask(api, runId, 0))).claimed
  if (b === undefined) throw new Error('b is not claimed')
  await settle(api, b, 'fail', { error: ERROR, attemptStatus: 'lost', worker: 'w7', deadLetter: 'worker_lost' })
  if (ended) await finish(api, runId, 'failed')
  return { id, letter: deadLetterId(id, 1) }
}

describe('GET /v1/dead-letters', () => {
  it('lists letters newest first, page by page', async () => {
    const [first, second] = [await deadRun(), await deadRun(false)]
    const page = await list('?limit=1')
    expect(page.items).toMatchObject([
      {
        id: second.letter,
        runId: second.id,
        runStatus: 'verifying',
        taskKey: 'b',
        title: 'b',
        role: 'writer',
        reason: 'worker_lost',
        error: ERROR,
        attempts: 1,
        redrivenAt: null,
        redrivenTo: null,
      },
    ])
    const rest = await list(`?limit=1&cursor=${page.nextCursor}`)
    expect(rest.items.map(({ id }) => id)).toEqual([first.letter])
    expect(rest.nextCursor).toBeNull()
  })

  it('lists those of a run, and those that were redriven or were not', async () => {
    const [kept, redriven] = [await deadRun(), await deadRun()]
    await api.call('POST', `/v1/dead-letters/${redriven.letter}/redrive`)
    const ids = async (query: string): Promise<string[]> => (await list(query)).items.map(({ id }) => id)
    expect(await ids(`?run=${kept.id}`)).toEqual([kept.letter])
    expect(await ids('?redriven=true')).toEqual([redriven.letter])
    expect(await ids('?redriven=false')).toEqual([kept.letter])
    expect(await ids(`?redriven=false&run=${redriven.id}`)).toEqual([])
  })

  it.each(['redriven=yes', 'run=7', 'cursor=x', 'colour=red', 'limit=0'])(
    'refuses ?%s with its path',
    async (query) => {
      const answer = await api.call('GET', `/v1/dead-letters?${query}`)
      expect(answer.status).toBe(422)
      expect(problemOf(answer).errors).toMatchObject([{ path: `/${query.split('=')[0]}` }])
    },
  )
})

describe('GET /v1/dead-letters/{id}', () => {
  it('shows what was tried, on which workers, and the last turn', async () => {
    const { letter } = await deadRun()
    const answer = await api.call('GET', `/v1/dead-letters/${letter}`)
    expect(answer.status).toBe(200)
    expect(answer.json as DeadLetterView).toMatchObject({
      id: letter,
      counts: {
        first: { count: 1, cap: 1 },
        retry: { count: 0, cap: 1 },
        continuation: { count: 0, cap: null },
        cutOff: { count: 0, cap: 3 },
        revision: { count: 0, cap: 2 },
        recovery: { count: 0, cap: 5 },
      },
      failures: [{ attempt: 1, kind: 'first', status: 'lost', worker: 'w7', error: ERROR }],
      lastTurn: { attempt: 1, turn: 1, model: 'noop:noop', stopReason: 'end', tools: [] },
    })
  })

  it.each(['dead_x', 'run_1', deadLetterId(`run_${'0'.repeat(26)}`, 0)])('%s is 404', async (id) => {
    const answers = [
      await api.call('GET', `/v1/dead-letters/${id}`),
      await api.call('POST', `/v1/dead-letters/${id}/redrive`),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(404)
      expect(problemOf(answer)).toMatchObject({ code: 'not_found', detail: `there is no dead letter "${id}"` })
    }
  })

  it('a task without a letter has none', async () => {
    const { id } = await deadRun()
    expect((await api.call('GET', `/v1/dead-letters/${deadLetterId(id, 0)}`)).status).toBe(404)
  })
})

describe('POST /v1/dead-letters/{id}/redrive', () => {
  it('answers 202 with the new run and where it is, again and again', async () => {
    const { id, letter } = await deadRun()
    const answer = await api.call('POST', `/v1/dead-letters/${letter}/redrive`)
    const { id: redriven } = answer.json as { id: string }
    expect(answer.status).toBe(202)
    expect(answer.headers.get('location')).toBe(`/v1/runs/${redriven}`)
    expect(redriven).not.toBe(id)
    const again = await api.call('POST', `/v1/dead-letters/${letter}/redrive`)
    expect([again.status, again.json]).toEqual([202, answer.json])
    expect((await list()).items).toMatchObject([{ id: letter, redrivenTo: redriven }])
    const task: TaskView = (await api.call('GET', `/v1/runs/${redriven}/tasks/a`)).json
    expect(task).toMatchObject({ status: 'completed', attempts: [], output: { text: 'done' }, startedAt: null })
    const { budget, progress } = (await api.call('GET', `/v1/runs/${redriven}`)).json
    expect(budget).toMatchObject({ spent: { tokens: 0, costUsd: 0 } })
    expect(progress).toMatchObject({ total: 2, completed: 1, percent: 50 })
    const runId = await numericId(api, redriven)
    await settle(api, await claimTask(api, runId, 1))
    await finish(api, runId)
    expect((await api.call('GET', `/v1/runs/${redriven}`)).json).toMatchObject({ status: 'completed' })
  })

  it('is 409 while the run has not ended, and says what is allowed', async () => {
    const { id, letter } = await deadRun(false)
    const answer = await api.call('POST', `/v1/dead-letters/${letter}/redrive`)
    expect(answer.status).toBe(409)
    expect(problemOf(answer)).toMatchObject({
      code: 'conflict',
      detail: `the task's run ${id} is verifying: a redrive begins a new run with its results, so it has to end first; allowed now: wait for its end, or cancel it`,
    })
    await api.call('POST', `/v1/runs/${id}/cancel`)
    expect((await api.call('POST', `/v1/dead-letters/${letter}/redrive`)).status).toBe(202)
  })

  it('deleting the run takes its letters along', async () => {
    const { id } = await deadRun()
    expect((await api.call('DELETE', `/v1/runs/${id}`)).status).toBe(204)
    expect(await list()).toEqual({ items: [], nextCursor: null })
  })
})

it('another workspace’s letters are in no list, not found and not redriven', async () => {
  const OTHER = 2
  await api.pool.query(`insert into flotilla.workspaces (id, uid, name) values ($1, 'wsp_other', 'other')`, [OTHER])
  const theirs = await deadRun(true, async (body) => {
    const deps = { db: api.db, clock: systemClock, random: randomBytes, wake: { plan: async () => {} } }
    const run = { goal: 'theirs', ...body }
    const made = await submitRun(deps, { workspaceId: OTHER, body: v.parse(CreateRunSchema, run), bodyHash: '' })
    if (!made.ok) throw new Error(made.detail)
    return made.value.id
  })
  expect((await list()).items).toEqual([])
  expect((await list(`?run=${theirs.id}`)).items).toEqual([])
  expect((await api.call('GET', `/v1/dead-letters/${theirs.letter}`)).status).toBe(404)
  expect((await api.call('POST', `/v1/dead-letters/${theirs.letter}/redrive`)).status).toBe(404)
  const { rows } = await api.pool.query('select redriven_to from flotilla.dead_letters')
  expect(rows).toEqual([{ redriven_to: null }])
})
