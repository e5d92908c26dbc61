import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import net from 'node:net'
import type { LoadMessage, LoadOrder } from './order.ts'
import { readEventTimes } from './event-times.ts'

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder
const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const tell = (message: LoadMessage): void => void process.send?.(message)

/** The first bytes of the answer, and then all of it. */
function get(url: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  http.get(url, { agent }, resolve).once('error', reject)
  return promise
}

async function submit({ url, body, connections, seconds }: Extract<LoadOrder, { kind: 'submit' }>): Promise<void> {
  const times: number[] = []
  const lanes = await Promise.all(Array.from({ length: connections }, () => openLane(new URL('/v1/runs', url), body)))
  const begun = performance.now()
  const drive = async (post: Awaited<ReturnType<typeof openLane>>): Promise<void> => {
    while (performance.now() - begun < seconds * 1000) {
      const asked = performance.now()
      const status = await post()
      if (status !== 202) throw new Error(`POST /v1/runs answered ${status}; expected 202`)
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(lanes.map(drive))
  tell({ kind: 'done', times, seconds: (performance.now() - begun) / 1000 })
}

/**
 * A connection that posts the same body again and again, and answers the status of each. Without a client's library, which would
 * take a tenth of the cores that are measured.
 */
async function openLane({ hostname, port, pathname }: URL, body: string): Promise<() => Promise<number>> {
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
  const request = Buffer.from(`${head}\r\n\r\n${body}`)
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  let answered = Promise.withResolvers<number>()
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    const end = text.indexOf('\r\n\r\n') + 4
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
    if (end < 4 || length === undefined || text.length < end + Number(length)) return
    answered.resolve(Number(text.slice(9, 12)))
    text = ''
  })
  socket.once('error', (error) => answered.reject(error))
  socket.once('close', () => answered.reject(new Error('the API closed a connection')))
  return () => {
    answered = Promise.withResolvers()
    socket.write(request)
    return answered.promise
  }
}

/** Each reader follows one run to its end; events that were there before it came do not count. */
async function read({ url, runIds, readers }: Extract<LoadOrder, { kind: 'read' }>): Promise<void> {
  const times: number[] = []
  let open = 0
  const begun = Date.now()
  const follow = async (n: number): Promise<void> => {
    const answer = await get(`${url}/v1/runs/${runIds[n % runIds.length]}/events/stream`)
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
