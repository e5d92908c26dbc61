import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RUN_ID } from '../testing/run-fixture.ts'
import { runCaptured } from '../testing/run-captured.ts'
import { runOf } from '../testing/run-view.ts'

/** A server with one run that has ended; its last event is what is left of the log. */
let server: Server
let url: string
let trimmed: boolean
const ended = { seq: 9, type: 'run.completed', at: '2026-01-01T10:01:06Z', runId: RUN_ID, taskKey: null, data: {} }
beforeEach(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://x')
    if (request.headers.accept === 'text/event-stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`id: 9\nevent: run.completed\ndata: ${JSON.stringify(ended)}\n\n`)
      return
    }
    const page = { items: pathname.endsWith('/events') ? [ended] : [], nextCursor: null, trimmed }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(pathname.endsWith(RUN_ID) ? runOf() : page))
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

test.each(['show', 'watch'])('runs %s says that a run was thinned out, and of no other', async (command) => {
  trimmed = true
  const thinned = await runCaptured(['runs', command, RUN_ID, '--url', url])
  expect(thinned.code).toBe(0)
  expect(thinned.err).toContain('Thinned out: older than FLOTILLA_RETAIN_EVENTS_DAYS')
  trimmed = false
  expect((await runCaptured(['runs', command, RUN_ID, '--url', url])).err).not.toContain('Thinned out')
})
