import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { createClient, type Client } from './client.ts'
import { frameOf, problem, RUN, startContractServer, type ContractServer } from './testing/contract-server.ts'
import type { FollowOptions } from './follow.ts'

let server: ContractServer
let client: Client
beforeEach(async () => {
  server = await startContractServer()
  client = createClient({ url: server.url, retryDelaysMs: [] })
})
afterEach(() => server.close())

const follow = (options: FollowOptions = {}): { seen: number[]; done: Promise<void> } => {
  const seen: number[] = []
  const events: AsyncIterable<RunEvent> = client.runs.follow(RUN, { backoffMs: () => 5, ...options })
  const done = (async () => {
    for await (const event of events) seen.push(event.seq)
  })()
  done.catch(() => {})
  return { seen, done }
}
const streamCalls = () => server.received.filter(({ path }) => path.endsWith('/stream'))

test('brings past and coming events and ends with the terminal one', async () => {
  server.append('run.created', 'run.started')
  const { seen, done } = follow()
  await until(() => seen.length === 2, { what: 'the past events arrive' })
  server.append('task.started', 'run.completed')
  await done
  expect(seen).toEqual([1, 2, 3, 4])
})

test('goes on after the last event when the connection breaks', async () => {
  server.append('run.created', 'run.started')
  const { seen, done } = follow()
  await until(() => seen.length === 2, { what: 'the first events arrive' })
  server.cut()
  server.append('task.started')
  await until(() => seen.length === 3, { what: 'the event of the meantime arrives' })
  await until(() => streamCalls().length === 2, { what: 'the stream is taken up again' })
  server.append('run.failed')
  await done
  expect(seen).toEqual([1, 2, 3, 4])
  expect(Number(streamCalls()[1]?.headers['last-event-id'])).toBeGreaterThanOrEqual(2)
})

test('survives a server that goes away and comes back, and tells of both', async () => {
  server.append('run.created')
  const contact: unknown[] = []
  const { seen, done } = follow({ onContact: (lost) => contact.push(lost) })
  await until(() => seen.length === 1, { what: 'the first event arrives' })
  await server.close()
  await until(() => contact.length === 1, { what: 'the loss is noticed' })
  await server.listen()
  await until(() => contact.length === 2, { what: 'the return is noticed' })
  server.append('run.started', 'run.cancelled')
  await done
  expect(seen).toEqual([1, 2, 3])
  expect(contact).toEqual([expect.objectContaining({ code: 'unreachable' }), null])
})

test('fills a gap in the stream from the page', async () => {
  server.append('run.created', 'run.planning', 'run.started', 'run.completed')
  server.intercept((request, response) => {
    if (!request.path.endsWith('/stream')) return false
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of server.events) if (event.seq !== 2) response.write(frameOf(event))
    response.end()
    return true
  })
  const { seen, done } = follow()
  await done
  expect(seen).toEqual([1, 2, 3, 4])
})

test('delivers repeated events once', async () => {
  server.append('run.created', 'run.completed')
  server.intercept((request, response) => {
    if (!request.path.endsWith('/stream')) return false
    const [first, last] = server.events.map(frameOf)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${first}${first}${last}`)
    return true
  })
  const { seen, done } = follow()
  await done
  expect(seen).toEqual([1, 2])
})

test('lives on the page alone where streams do not get through', async () => {
  server.intercept((request, response) => request.path.endsWith('/stream') && (response.writeHead(502).end(), true))
  const { seen, done } = follow()
  server.append('run.created')
  await until(() => seen.length === 1, { what: 'the page brings the event' })
  server.append('run.completed')
  await done
  expect(seen).toEqual([1, 2])
})

test('a stream that falls silent is taken up again', async () => {
  server.append('run.created')
  server.intercept((request) => request.path.endsWith('/stream') && streamCalls().length === 1)
  const dropped: unknown[] = []
  const { seen, done } = follow({ idleMs: 30, onDrop: (error) => dropped.push(error) })
  await until(() => streamCalls().length > 1, { what: 'a second stream is opened' })
  server.append('run.completed')
  await done
  expect(seen).toEqual([1, 2])
  expect(String(dropped[0])).toContain('silent for 30 ms')
})

describe('what ends it', () => {
  test('a terminal event that is known already', async () => {
    server.append('run.created', 'run.completed')
    const { seen, done } = follow({ after: 2 })
    await done
    expect(seen).toEqual([])
  })

  test('an abort, quietly', async () => {
    server.append('run.created')
    const abort = new AbortController()
    const { seen, done } = follow({ signal: abort.signal })
    await until(() => seen.length === 1, { what: 'the first event arrives' })
    abort.abort()
    await done
    expect(seen).toEqual([1])
  })

  test('a refusal', async () => {
    server.intercept((_, response) => (problem(response, 404, 'not_found', 'no such run'), true))
    await expect(follow().done).rejects.toMatchObject({ status: 404, message: 'no such run' })
  })

  test('a server that stays away', async () => {
    server.append('run.created')
    const { seen, done } = follow({ patienceMs: 20 })
    await until(() => seen.length === 1, { what: 'the first event arrives' })
    await server.close()
    await expect(done).rejects.toThrow('nothing listens there')
    await server.listen()
  })

  test('an early return closes the connection', async () => {
    server.append('run.created')
    for await (const event of client.runs.follow(RUN)) {
      expect(event.seq).toBe(1)
      break
    }
    expect(streamCalls()).toHaveLength(1)
  })
})

test('goes on over the numbers that a thinned out run has lost', async () => {
  server.append('run.created', 'task.started', 'task.completed', 'run.completed')
  server.events.splice(1, 2)
  const { seen, done } = follow()
  await done
  expect(seen).toEqual([1, 4])
})
