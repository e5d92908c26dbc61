import http, { type IncomingMessage } from 'node:http'
import type { LoadMessage, LoadOrder } from './order.ts'
import { readEventTimes } from './event-times.ts'

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder
const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const tell = (message: LoadMessage): void => void process.send?.(message)

/** The first bytes of the answer, and then all of it. */
function ask(url: string, method: string, body?: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  http.request(url, { method, agent, headers }).once('response', resolve).once('error', reject).end(body)
  return promise
}

async function submit({ url, body, connections, seconds }: Extract<LoadOrder, { kind: 'submit' }>): Promise<void> {
  const times: number[] = []
  const begun = performance.now()
  const lane = async (): Promise<void> => {
    while (performance.now() - begun < seconds * 1000) {
      const asked = performance.now()
      const answer = await ask(`${url}/v1/runs`, 'POST', body)
      for await (const _ of answer);
      if (answer.statusCode !== 202) throw new Error(`POST /v1/runs answered ${answer.statusCode}; expected 202`)
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: connections }, lane))
  tell({ kind: 'done', times, seconds: (performance.now() - begun) / 1000 })
}

/** Each reader follows one run to its end; events that were there before it came do not count. */
async function read({ url, runIds, readers }: Extract<LoadOrder, { kind: 'read' }>): Promise<void> {
  const times: number[] = []
  let open = 0
  const begun = Date.now()
  const follow = async (n: number): Promise<void> => {
    const answer = await ask(`${url}/v1/runs/${runIds[n % runIds.length]}/events/stream`, 'GET')
    if (answer.statusCode !== 200) throw new Error(`a stream of events answered ${answer.statusCode}; expected 200`)
    open += 1
    if (open === readers) tell({ kind: 'open', readers })
    const since = Date.now()
    for await (const at of readEventTimes(answer)) if (at >= since) times.push(Date.now() - at)
  }
  await Promise.all(Array.from({ length: readers }, (_, n) => follow(n)))
  tell({ kind: 'done', times, seconds: (Date.now() - begun) / 1000 })
}

process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
try {
  await (order.kind === 'submit' ? submit(order) : read(order))
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
// The bench ends this process: one that ends by itself is taken for broken.
setInterval(() => {}, 60_000)
