import { connect } from 'node:net'
import { createDb, createPool } from '@flotilla/db'
import { isTerminalEvent } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  claimTask,
  eventOf,
  expand,
  finish,
  openApi,
  readSse,
  runToEnd,
  settle,
  type Api,
} from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const PLAN = {
  tasks: [
    { key: 'a', role: 'writer' },
    { key: 'b', role: 'writer', dependsOn: ['a'] },
  ],
}
const submit = async (): Promise<{ id: string; runId: number; url: string }> => {
  const id = await api.submit({ plan: PLAN })
  return { id, runId: await expand(api, id), url: `${api.url}/v1/runs/${id}/events/stream` }
}
const stored = async (id: string): Promise<{ seq: number }[]> =>
  ((await api.call('GET', `/v1/runs/${id}/events?limit=1000`)).json as { items: { seq: number }[] }).items

describe('the stream of a run', () => {
  it('tells every event once, in order, as it is recorded, and ends after the terminal one', async () => {
    const { id, runId, url } = await submit()
    const reading = readSse(url)
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    await runToEnd(api, runId)
    const { status, events, ended } = await reading
    expect({ status, ended }).toEqual({ status: 200, ended: true })
    expect(events.map(eventOf)).toEqual(await stored(id))
    for (const event of events)
      expect([event.id, event.event]).toEqual([String(eventOf(event).seq), eventOf(event).type])
    expect(events.at(-1)?.event).toBe('run.completed')
    await until(() => api.feeds.size() === 0, { what: 'nobody follows the run any more' })
  })

  it('begins after Last-Event-ID, which wins over the query', async () => {
    const { id, runId, url } = await submit()
    await runToEnd(api, runId)
    const all = (await stored(id)).map((event) => event.seq)
    const seqs = async (...read: Parameters<typeof readSse>) =>
      (await readSse(...read)).events.map((event) => Number(event.id))
    expect(await seqs(url, { 'last-event-id': '3' })).toEqual(all.slice(3))
    expect(await seqs(`${url}?after=5`)).toEqual(all.slice(5))
    expect(await seqs(`${url}?after=1`, { 'last-event-id': '4' })).toEqual(all.slice(4))
  })

  it('has nothing more for who knows the terminal event', async () => {
    const { id, runId, url } = await submit()
    await runToEnd(api, runId)
    const last = (await stored(id)).length
    expect(await readSse(url, { 'last-event-id': String(last) })).toMatchObject({ status: 204, events: [] })
    expect(await readSse(`${url}?after=${last + 100}`)).toMatchObject({ status: 204, events: [] })
  })

  it('resumes without a gap or a repetition after every possible break', async () => {
    const { id, runId, url } = await submit()
    await runToEnd(api, runId)
    const all = (await stored(id)).map((event) => event.seq)
    for (const at of all.slice(0, -1)) {
      const before = await readSse(url, {}, (events) => events.some((event) => Number(event.id) >= at))
      const upTo = before.events.map((event) => Number(event.id)).filter((seq) => seq <= at)
      const after = await readSse(url, { 'last-event-id': String(at) })
      expect([...upTo, ...after.events.map((event) => Number(event.id))]).toEqual(all)
    }
  })

  it('ends for a reader who is ahead of the log when the run ends', async () => {
    const { runId, url } = await submit()
    const reading = readSse(`${url}?after=1000`)
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    await runToEnd(api, runId)
    expect(await reading).toMatchObject({ status: 200, events: [], ended: true })
  })

  it('goes on without any hint, from the record', async () => {
    const deaf = await openApi((deps) => ({
      hints: { publish: () => {}, subscribe: () => () => {} },
      feeds: deps.feeds,
    }))
    const id = await deaf.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const runId = await expand(deaf, id)
    let seen = 0
    const reading = readSse(`${deaf.url}/v1/runs/${id}/events/stream`, {}, (events) => {
      seen = events.length
      return false
    })
    await until(() => seen === 4, { what: 'the stream has told what there was' })
    await deaf.call('POST', `/v1/runs/${id}/cancel`)
    const { events, ended } = await reading
    expect([ended, events.at(-1)?.event]).toEqual([true, 'run.cancelled'])
    expect(runId).toBeGreaterThan(0)
    await deaf.close()
  })

  it('goes on after the database has cut its connections', async () => {
    const { id, runId, url } = await submit()
    let seen = 0
    const reading = readSse(url, {}, (events) => {
      seen = events.length
      return false
    })
    await until(() => seen > 0, { what: 'the stream has begun' })
    // The connections that are not cut.
    const pool = createPool({
      url: api.databaseUrl,
      role: 'owner',
      max: 2,
      applicationName: 'engine',
      onError: () => {},
    })
    const cut = () =>
      pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'test'",
      )
    await cut()
    await runToEnd({ ...api, pool, db: createDb(pool) }, runId)
    await cut()
    const { events, ended } = await reading
    await until(async () => (await api.call('GET', `/v1/runs/${id}`)).status === 200, {
      what: 'the API has a connection',
    })
    expect([ended, events.map((event) => Number(event.id))]).toEqual([
      true,
      (await stored(id)).map((event) => event.seq),
    ])
    await pool.end()
  })

  it('ends when its run is deleted', async () => {
    const { id, runId, url } = await submit()
    const reading = readSse(`${url}?after=1000`)
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    await api.pool.query('delete from flotilla.runs where id = $1', [runId])
    expect((await reading).ended).toBe(true)
    expect((await api.call('GET', `/v1/runs/${id}/events/stream`)).status).toBe(404)
  })

  it.each(['x', '-1', '1.5', '99999999999'])('refuses %j as a place in it', async (id) => {
    const { url } = await submit()
    expect((await readSse(url, { 'last-event-id': id })).status).toBe(422)
    expect((await readSse(`${url}?after=${id}`)).status).toBe(422)
  })

  it('is not opened by a HEAD request', async () => {
    const { id } = await submit()
    const answer = await api.call('HEAD', `/v1/runs/${id}/events/stream`)
    expect([answer.status, answer.headers.get('content-type'), api.feeds.size()]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      0,
    ])
  })

  it('is dropped with its connection', async () => {
    const { id } = await submit()
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    socket.write(`GET /v1/runs/${id}/events/stream HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    socket.destroy()
    await until(() => api.feeds.size() === 0, { what: 'nobody follows the run any more' })
  })
})

describe('a hundred readers of one run', () => {
  it('all get everything, from one read loop', async () => {
    const { id, runId, url } = await submit()
    const readings = Array.from({ length: 100 }, () => readSse(url))
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    await runToEnd(api, runId)
    const all = (await stored(id)).map((event) => event.seq)
    for (const { events, ended } of await Promise.all(readings)) {
      expect(ended).toBe(true)
      expect(events.map((event) => Number(event.id))).toEqual(all)
    }
  })
})

describe('the words of a task', () => {
  const start = async () => {
    const { id, runId } = await submit()
    return { id, runId, url: `${api.url}/v1/runs/${id}/tasks/a/stream` }
  }

  it('come while they are said, without ids, until the task has ended', async () => {
    const { runId, url } = await start()
    const reading = readSse(url)
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    const task = await claimTask(api, runId, 0)
    api.hints.publish({ stream: { runId, idx: 0, delta: 'Hello\r\n' } })
    api.hints.publish({ stream: { runId, idx: 1, delta: 'not mine' } })
    api.hints.publish({ stream: { runId: runId + 1, idx: 0, delta: 'not mine' } })
    api.hints.publish({ stream: { runId, idx: 0, delta: 'world' } })
    await settle(api, task)
    const { events, ended } = await reading
    expect(ended).toBe(true)
    expect(events.every((event) => event.id === null)).toBe(true)
    const said = events
      .filter((event) => event.event === 'delta')
      .map((event) => (JSON.parse(event.data) as { text: string }).text)
    expect(said.join('')).toBe('Hello\r\nworld')
    expect(events.some((event) => event.event === 'attempt' && event.data === '{"attempt":1}')).toBe(true)
    expect(events.at(-1)).toEqual({ id: null, event: 'end', data: '{"status":"completed"}' })
  })

  it('that are void are taken back: those that were shown, and no others', async () => {
    const { runId, url } = await start()
    const say = (delta: string) => api.hints.publish({ stream: { runId, idx: 0, delta } })
    const takeBack = (n: number) => api.hints.publish({ stream: { runId, idx: 0, delta: '', takeBack: n } })
    const seen: string[] = []
    const reading = readSse(url, {}, (events) => {
      seen.splice(0, Infinity, ...events.map(({ event, data }) => `${event} ${data}`))
      return false
    })
    await until(() => api.feeds.size() === 1, { what: 'the stream is followed' })
    const task = await claimTask(api, runId, 0)
    say('Look. Once upon')
    await until(() => seen.some((each) => each.includes('upon')), { what: 'the words are shown' })
    // Nine of them are shown, and four perhaps not yet: that is the reader's pace.
    say(' a t')
    takeBack(13)
    say('Twice')
    await settle(api, task)
    const { events } = await reading
    let text = ''
    for (const { event, data } of events) {
      const told = JSON.parse(data) as { text?: string; takeBack?: number }
      if (event === 'delta') text += told.text
      if (event === 'restart') text = text.slice(0, text.length - (told.takeBack ?? 0))
    }
    expect(text).toBe('Look. Twice')
    expect(events.some(({ event }) => event === 'restart')).toBe(true)
  })

  it('are none when the task has ended', async () => {
    const { runId, url } = await start()
    await settle(api, await claimTask(api, runId, 0), 'fail', { error: { code: 'internal', message: 'x' } })
    expect((await readSse(url)).status).toBe(204)
    await finish(api, runId, 'failed')
  })
})

it('every stream ends when the process drains', async () => {
  const draining = await openApi()
  const id = await draining.submit({ plan: PLAN })
  await expand(draining, id)
  const reading = readSse(`${draining.url}/v1/runs/${id}/events/stream`)
  await until(() => draining.feeds.size() === 1, { what: 'the stream is followed' })
  await draining.close()
  const { events, ended } = await reading
  expect(ended).toBe(true)
  expect(events.some((event) => isTerminalEvent(eventOf(event).type))).toBe(false)
})
