import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { RUN, type TracedWork } from '@flotilla/engine'
import { createLogger } from '@flotilla/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTracing, traceIdOf, type Tracing } from './tracing.ts'

type Span = Readonly<{
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  status: { code?: number; message?: string }
  attributes: readonly { key: string; value: { stringValue?: string; intValue?: number } }[]
}>
type Exported = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }

const spans: Span[] = []
const paths: string[] = []
const server = createServer((request, response) => {
  paths.push(request.url ?? '')
  void json(request).then((body) => {
    const { resourceSpans } = body as Exported
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
beforeEach(async () => {
  spans.length = 0
  paths.length = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

/** The tracing of one process. */
async function open(): Promise<Tracing> {
  const { port } = server.address() as AddressInfo
  const log = createLogger({ name: 'test', level: 'silent' })
  const tracing = await openTracing({ endpoint: `http://127.0.0.1:${port}/`, worker: 'w1', log })
  if (tracing === null) throw new Error('it is told where to')
  return tracing
}

const work = (more: Partial<TracedWork>): TracedWork => ({
  run: 'run_1',
  id: null,
  parent: RUN,
  title: 'chat m',
  remote: false,
  startMs: 1_700_000_000_000,
  endMs: 1_700_000_001_500,
  attributes: {},
  error: null,
  ...more,
})

test('work of one run is one trace, whatever process did it, each under what it belongs to', async () => {
  const [one, other] = [await open(), await open()]
  one.trace(work({ parent: 'a/1', remote: true, attributes: { 'gen_ai.request.model': 'm' } }))
  one.trace(work({ id: 'a/1', title: 'invoke_agent Writer' }))
  other.trace(work({ id: RUN, parent: null, title: 'invoke_workflow flotilla' }))
  other.trace(work({ run: 'run_2', id: RUN, parent: null }))
  await Promise.all([one.close(), other.close()])
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']))
  const [chat, agent, run, another] = ['chat m', 'invoke_agent Writer', 'invoke_workflow flotilla', 'chat m'].map(
    (name, n) => spans.find((span) => span.name === name && (span.traceId === traceIdOf('run_2')) === (n === 3)),
  )
  expect([chat?.traceId, agent?.traceId, run?.traceId]).toEqual(Array.from({ length: 3 }, () => traceIdOf('run_1')))
  expect(chat?.parentSpanId).toBe(agent?.spanId)
  expect(agent?.parentSpanId).toBe(run?.spanId)
  expect(run?.parentSpanId ?? '').toBe('')
  expect(another?.traceId).toBe(traceIdOf('run_2'))
  expect(chat).toMatchObject({
    kind: 3,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001500000000',
    attributes: [{ key: 'gen_ai.request.model', value: { stringValue: 'm' } }],
  })
})

test("a run's trace is found by its id, with nothing but a shell", () => {
  // printf run_1 | sha256sum | cut -c1-32
  expect(traceIdOf('run_1')).toBe('37ddff8ee13f1e57937fd048fa323f5e')
})

test('a failure is told by its code', async () => {
  const tracing = await open()
  tracing.trace(work({ error: { code: 'model_timeout', message: 'no answer in 90 s' } }))
  await tracing.close()
  expect(spans).toMatchObject([
    {
      status: { code: 2, message: 'no answer in 90 s' },
      attributes: [{ key: 'error.type', value: { stringValue: 'model_timeout' } }],
    },
  ])
})

test('nothing is traced where nobody is to be told', async () => {
  const log = createLogger({ name: 'test', level: 'silent' })
  expect(await openTracing({ endpoint: undefined, worker: 'w1', log })).toBeNull()
})
