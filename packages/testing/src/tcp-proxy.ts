import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What the proxy does to the bytes between a client and its server:
 * - `blackHole`: nothing arrives, nothing is refused; held bytes go on when another mode comes, as after a partition. `marked`:
 *   only for the connections that the proxy's `mark` picks.
 * - `halfOpen`: the server's side is gone for good and the client is never told; also for connections made meanwhile.
 * - `refuse`: nothing listens on the port; open connections are cut.
 * - `latency`: each way takes `ms` longer.
 * - `reset`: open and new connections get a TCP reset.
 * - `cutAfter`: a connection ends once `bytes` bytes of the server have gone to its client, counted from its beginning.
 */
export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'blackHole'; readonly marked?: boolean }
  | { readonly kind: 'halfOpen' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'cutAfter'; readonly bytes: number }

export interface TcpProxy {
  readonly port: number
  /** Open client connections. */
  readonly connections: number
  /** The address of the server with the proxy in its place. */
  url(serverUrl: string): string
  setMode(mode: ProxyMode): Promise<void>
  close(): Promise<void>
}

export interface TcpTarget {
  readonly host: string
  readonly port: number
  /** Marks a connection for good by what its client sends. */
  readonly mark?: (sent: Buffer) => boolean
}

/** One way of one connection: bytes wait here for as long as the mode holds them. */
interface Lane {
  readonly from: Socket
  readonly to: Socket
  readonly held: { readonly dueAt: number; readonly chunk: Buffer | null }[]
  readonly fromServer: boolean
  timer?: NodeJS.Timeout
  delivered: number
}

interface Connection {
  readonly client: Socket
  readonly server: Socket
  readonly lanes: readonly Lane[]
  marked: boolean
}

export async function createTcpProxy(target: TcpTarget): Promise<TcpProxy> {
  const connections = new Set<Connection>()
  let mode: ProxyMode = { kind: 'pass' }
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (mode.kind === 'reset') {
      client.on('error', ignore).resetAndDestroy()
      return
    }
    const connection = join(client, target, () => mode)
    connections.add(connection)
    client.once('close', () => connections.delete(connection))
    apply(mode, connection)
  })
  const port = await listen(listener, 0)
  return {
    port,
    get connections() {
      return connections.size
    },
    url(serverUrl) {
      const url = new URL(serverUrl)
      url.host = `127.0.0.1:${port}`
      return url.href
    },
    async setMode(next) {
      mode = next
      for (const connection of connections) apply(next, connection)
      if (next.kind === 'refuse') await stopListening(listener)
      else if (!listener.listening) await listen(listener, port)
    },
    async close() {
      for (const connection of connections) cut(connection)
      await stopListening(listener)
    },
  }
}

function join(client: Socket, target: TcpTarget, mode: () => ProxyMode): Connection {
  const server = connect({ host: target.host, port: target.port, allowHalfOpen: true })
  const lanes = [lane(client, server, false), lane(server, client, true)]
  const connection: Connection = { client, server, lanes, marked: false }
  for (const way of lanes) {
    way.from.on('data', (chunk: Buffer) => {
      if (!way.fromServer && target.mark?.(chunk) === true) connection.marked = true
      take(way, chunk, mode, connection)
    })
    way.from.on('end', () => take(way, null, mode, connection))
    way.from.on('error', () => {
      if (mode().kind !== 'halfOpen') cut(connection)
    })
  }
  client.once('close', () => cut(connection))
  return connection
}

function lane(from: Socket, to: Socket, fromServer: boolean): Lane {
  return { from, to, fromServer, held: [], delivered: 0 }
}

function apply(mode: ProxyMode, connection: Connection): void {
  if (mode.kind === 'refuse') cut(connection)
  else if (mode.kind === 'reset') connection.client.resetAndDestroy()
  else if (mode.kind === 'halfOpen') connection.server.destroy()
  else for (const way of connection.lanes) drain(way, mode, connection)
}

function take(way: Lane, chunk: Buffer | null, mode: () => ProxyMode, connection: Connection): void {
  const now = mode()
  way.held.push({ dueAt: performance.now() + (now.kind === 'latency' ? now.ms : 0), chunk })
  drain(way, now, connection)
}

function drain(way: Lane, mode: ProxyMode, connection: Connection): void {
  clearTimeout(way.timer)
  if (mode.kind === 'blackHole' && (mode.marked !== true || connection.marked)) return
  for (let next = way.held[0]; next !== undefined; next = way.held[0]) {
    const waitMs = mode.kind === 'latency' ? next.dueAt - performance.now() : 0
    if (waitMs > 0) {
      way.timer = setTimeout(() => drain(way, mode, connection), waitMs)
      return
    }
    way.held.shift()
    deliver(way, next.chunk, mode, connection)
  }
}

function deliver(way: Lane, chunk: Buffer | null, mode: ProxyMode, connection: Connection): void {
  if (way.to.destroyed) return
  if (chunk === null) {
    way.to.end()
    return
  }
  const limit = mode.kind === 'cutAfter' && way.fromServer ? mode.bytes : Infinity
  const allowed = chunk.subarray(0, Math.max(0, limit - way.delivered))
  way.delivered += allowed.length
  const cutHere = way.delivered >= limit
  const flowing = way.to.write(allowed, () => {
    if (cutHere) cut(connection)
  })
  if (flowing || cutHere) return
  way.from.pause()
  way.to.once('drain', () => way.from.resume())
}

function cut({ client, server, lanes }: Connection): void {
  for (const way of lanes) clearTimeout(way.timer)
  client.destroy()
  server.destroy()
}

function listen(listener: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(port, '127.0.0.1', () => {
      listener.off('error', reject)
      const address = listener.address()
      resolve(address !== null && typeof address === 'object' ? address.port : port)
    })
  })
}

function stopListening(listener: Server): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve())
  })
}

function ignore(): void {}
