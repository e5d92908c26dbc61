import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCaptured } from '../testing/run-captured.ts'

/** What was asked of a server that answers with an approval. */
let server: Server
let url: string
let asked: { path: string; body: string }[]
beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(request.method === 'POST' ? { id: 'apr_1' } : { items: [], nextCursor: '7' }))
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})
const approvals = (...args: string[]) => runCaptured(['approvals', ...args, '--url', url])

test('lists what waits, and the rest when it is asked for', async () => {
  const { code, err } = await approvals('list')
  expect(code).toBe(0)
  expect(err).toContain('Nothing waits for a person.')
  expect(err).toContain('More: flotilla approvals list --status pending --cursor 7')
  await approvals('list', '--status', 'decided')
  await approvals('list', '--status', 'all')
  const statuses = asked.map(({ path }) => new URL(path, url).searchParams.get('status'))
  expect(statuses).toEqual(['pending', 'decided', null])
})

test('"happened" needs a result, or the word that there is none', async () => {
  expect(await approvals('decide', 'apr_1', 'happened')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/what did the call answer\?.*--result.*--no-result/),
  })
  expect(asked).toEqual([])
  expect((await approvals('decide', 'apr_1', 'happened', '--no-result')).code).toBe(0)
  expect((await approvals('decide', 'apr_1', 'happened', '--result', 'paid')).code).toBe(0)
  expect((await approvals('decide', 'apr_1', 'skip')).code).toBe(0)
  expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { decision: 'happened' },
    { decision: 'happened', result: 'paid' },
    { decision: 'skip' },
  ])
})
