import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { wireFetch } from './wire-fetch.ts'

/** More than an agent of Node keeps by default. */
const BURST = 300

it('keeps the connections of a burst of calls for the next one', async () => {
  let connections = 0
  const waiting: ServerResponse[] = []
  const server = createServer((_request, response) => {
    waiting.push(response)
    if (waiting.length === BURST) for (const each of waiting.splice(0)) each.end('ok')
  }).on('connection', () => void (connections += 1))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const call = async (): Promise<string> => (await wireFetch(url, undefined, () => {})).text()
  const burst = (): Promise<string[]> => Promise.all(Array.from({ length: BURST }, call))

  expect(await burst()).toEqual(Array.from({ length: BURST }, () => 'ok'))
  await burst()
  expect(connections).toBe(BURST)
})
