import { createServer, STATUS_CODES, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { ConfigurationError, rejected } from '@flotilla/domain'
import type { Log } from '@flotilla/runtime'
import type { Hono } from 'hono'
import type { AppEnv } from './context.ts'
import { problemOf } from './errors.ts'

export type ApiServer = Readonly<{
  url: string
  port: number
  /** Takes no new connections and waits for the requests under way; what is left after `ms` is cut off. */
  close(ms: number): Promise<void>
}>

export type Address = Readonly<{ host: string; port: number }>

/** Serves the app. Throws a ConfigurationError when the address cannot be had. */
export async function serve(app: Hono<AppEnv>, address: Address, log: Log): Promise<ApiServer> {
  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    hostname: 'localhost',
    errorHandler: unreadable,
  })
  const server = createServer(
    { keepAlive: true, requestTimeout: 300_000, headersTimeout: 30_000 },
    (incoming, outgoing) => void answer(incoming, outgoing),
  )
  server.on('clientError', refuseUnparsed)
  await listen(server, address)
  server.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'))
  const { port } = server.address() as AddressInfo
  return { url: urlOf(address.host, port), port, close: (ms) => close(server, ms) }
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Where the server is reached from this machine. */
function urlOf(host: string, port: number): string {
  const reached = WILDCARDS.has(host) ? '127.0.0.1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** A request whose line or headers make no URL: it reaches no route. */
const unreadable = (): Response => {
  const problem = problemOf(rejected('invalid_input', 'the request line or the Host header cannot be read'))
  return new Response(JSON.stringify({ ...problem, status: 400 }), {
    status: 400,
    headers: { 'content-type': 'application/problem+json' },
  })
}

/** What is no HTTP never becomes a request, so its answer is written by hand; a socket that is gone gets none. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const problem = { ...problemOf(rejected('invalid_input', 'the request is not valid HTTP')), status }
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) =>
    reject(new ConfigurationError(explain(host, port, error), { cause: error })),
  )
  server.listen(port, host, resolve)
  return promise.then(() => void server.removeAllListeners('error'))
}

function explain(host: string, port: number, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program; stop that, or choose another port with FLOTILLA_PORT (0 takes any free one)`
    case 'EACCES':
      return `port ${port} may not be used by this user; choose one above 1023 with FLOTILLA_PORT`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine; choose another with FLOTILLA_HOST (127.0.0.1 for this machine alone)`
    default:
      return `cannot listen on port ${port} of ${host}: ${error.message}`
  }
}

const IDLE_CHECK_MS = 20

async function close(server: Server, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  // A connection whose request ends from now on stays open for another one, and would be waited for.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const cut = setTimeout(() => server.closeAllConnections(), ms)
  await promise
  clearInterval(idle)
  clearTimeout(cut)
}
