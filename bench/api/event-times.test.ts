import { expect, it } from 'vitest'
import { readEventTimes } from './event-times.ts'

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts
}

it('tells when events were written, however the stream is cut', async () => {
  const stream = pieces(
    'retry: 2000\n\nid: 1\nevent: run.created\ndata: {"seq":1,"at":"2026-11-21T20:00:00.250Z","runId"',
    ':"run_x"}\n\n: heartbeat\n\nid: 2\ndata: {"seq":2,"at":"2026-11-21T20:00:01.000Z"}\n',
    '\n',
  )
  const times: number[] = []
  for await (const at of readEventTimes(stream)) times.push(at - Date.parse('2026-11-21T20:00:00Z'))
  expect(times).toEqual([250, 1_000])
})
