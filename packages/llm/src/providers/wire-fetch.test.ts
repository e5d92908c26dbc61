import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { startWire } from '../wire.test-support.ts'
import { wireFetch } from './wire-fetch.ts'

/** More than an agent of Node keeps by default. */
const BURST = 300

it('keeps the connections of a burst of calls for the next one', async () => {
  const connections = new Set<ServerResponse['socket']>()
  const waiting: ServerResponse[] = []
  await using server = await startWire((response) => {
    connections.add(response.socket)
    waiting.push(response)
    if (waiting.length === BURST) for (const each of waiting.splice(0)) each.end('ok')
  })
  const call = async (): Promise<string> => (await wireFetch(server.url, undefined, () => {})).text()
  const burst = (): Promise<string[]> => Promise.all(Array.from({ length: BURST }, call))

  expect(await burst()).toEqual(Array.from({ length: BURST }, () => 'ok'))
  await burst()
  expect(connections.size).toBe(BURST)
})
