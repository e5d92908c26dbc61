/** For tests: a real HTTP server that speaks the part of the contract that the client reads, and misbehaves on demand. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { isTerminalEvent, type EventType, type RunEvent } from '@flotilla/domain'

export interface Received {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Takes a request over; false leaves it to the contract. */
export type Interception = (request: Received, response: ServerResponse) => boolean

export interface ContractServer {
  readonly url: string
  readonly received: readonly Received[]
  /** The run's log so far; `append` also reaches open streams. */
  readonly events: RunEvent[]
  append(...types: EventType[]): void
  /** Asked before the contract, newest first. */
  intercept(interception: Interception): void
  /** Breaks every open connection. */
  cut(): void
  /** Stops listening on the port; `listen` takes it up again. */
  close(): Promise<void>
  listen(): Promise<void>
}

export const RUN = 'run_01jd0000000000000000000000'

export async function startContractServer(): Promise<ContractServer> {
  const received: Received[] = []
  const events: RunEvent[] = []
  const interceptions: Interception[] = []
  const streams = new Set<(event: RunEvent) => void>()
  const created = new Map<string, string>()
  let port = 0

  const route = (request: Received, response: ServerResponse): void => {
    const { method, path } = request
    if (method === 'POST' && path === '/v1/runs') {
      const key = String(request.headers['idempotency-key'])
      const id = created.get(key) ?? `run_${randomUUID()}`
      created.set(key, id)
      return answer(response, 202, { id, status: 'created' })
    }
    if (path === `/v1/runs/${RUN}`) return answer(response, 200, { id: RUN, status: statusOf(events) })
    if (path === `/v1/runs/${RUN}/events`) return answer(response, 200, pageOf(events, request.query))
    if (path === `/v1/runs/${RUN}/events/stream`) return stream(request, response, events, streams)
    problem(response, 404, 'not_found', `there is no ${path}`)
  }
  const create = (): Server =>
    createServer((incoming, response) => {
      void receive(incoming).then((request) => {
        received.push(request)
        if (!interceptions.toReversed().some((take) => take(request, response))) route(request, response)
      })
    })
  let server = create()
  const listen = async (): Promise<void> => {
    server = create()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
    await promise
    port = (server.address() as AddressInfo).port
  }
  await listen()
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    events,
    append(...types) {
      for (const type of types) {
        const seq = events.length + 1
        const event = { seq, id: `evt_${seq}`, type, at: '2026-01-01T00:00:00Z', runId: RUN, data: {} }
        events.push(event)
        for (const send of streams) send(event)
      }
    },
    intercept: (interception) => void interceptions.push(interception),
    cut: () => server.closeAllConnections(),
    listen,
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await promise
    },
  }
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost')
  const body = await text(incoming)
  return { method: incoming.method ?? '', path: pathname, query: searchParams, headers: incoming.headers, body }
}

export function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  const body = { type: `https://flotilla.dev/problems/${code}`, title: code, status, detail, code }
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
}

const statusOf = (events: readonly RunEvent[]): string => {
  const last = events.at(-1)
  return last && isTerminalEvent(last.type) ? last.type.slice('run.'.length) : 'executing'
}

function pageOf(events: readonly RunEvent[], query: URLSearchParams): unknown {
  const after = Number(query.get('after') ?? 0)
  const items = events.filter(({ seq }) => seq > after).slice(0, Number(query.get('limit') ?? 100))
  return { items, nextCursor: items.at(-1)?.seq ?? null }
}

export const frameOf = (event: RunEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

function stream(
  request: Received,
  response: ServerResponse,
  events: readonly RunEvent[],
  streams: Set<(event: RunEvent) => void>,
): void {
  const after = Number(request.headers['last-event-id'] ?? 0)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(': hello\n\n')
  const send = (event: RunEvent): void => {
    response.write(frameOf(event))
    if (isTerminalEvent(event.type)) response.end()
  }
  for (const event of events) if (event.seq > after) send(event)
  if (events.some(({ type }) => isTerminalEvent(type))) return void response.end()
  streams.add(send)
  response.once('close', () => streams.delete(send))
}
