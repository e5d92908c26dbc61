import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

/** A server that answers what it gets, behind a proxy. */
async function setUp(): Promise<{ proxy: TcpProxy; serverSockets: Socket[] }> {
  const serverSockets: Socket[] = []
  const server = createServer((socket) => {
    serverSockets.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const proxy = await createTcpProxy({ host: '127.0.0.1', port })
  onTestFinished(async () => {
    await proxy.close()
    for (const socket of serverSockets) socket.destroy()
    server.close()
  })
  return { proxy, serverSockets }
}

interface Client {
  readonly socket: Socket
  readonly received: () => string
  readonly error: () => string | undefined
}

async function open(proxy: TcpProxy): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let received = ''
  let error: string | undefined
  socket.on('data', (data) => (received += data.toString()))
  socket.on('error', (failure: NodeJS.ErrnoException) => (error = failure.code))
  await once(socket, 'connect')
  return { socket, received: () => received, error: () => error }
}

async function exchange(client: Client, text: string): Promise<void> {
  const before = client.received()
  client.socket.write(text)
  await until(() => client.received() === before + text, { what: `${text} comes back` })
}

test('passes bytes and ends both ways', async () => {
  const { proxy } = await setUp()
  const client = await open(proxy)
  await exchange(client, 'hello')
  expect(proxy.connections).toBe(1)
  client.socket.end()
  await once(client.socket, 'close')
  await until(() => proxy.connections === 0, { what: 'the connection is gone' })
})

test('passes more than the sockets hold at once', async () => {
  const { proxy } = await setUp()
  const client = await open(proxy)
  const text = 'x'.repeat(8_000_000)
  client.socket.write(text)
  await until(() => client.received().length === text.length, { what: 'all bytes are back' })
})

test('a black hole holds what is sent, and lets it go on afterwards', async () => {
  const { proxy } = await setUp()
  const [old, other] = [await open(proxy), await open(proxy)]
  await exchange(old, 'before ')
  await proxy.setMode({ kind: 'blackHole' })
  const young = await open(proxy)
  old.socket.write('held')
  young.socket.write('young')
  await proxy.setMode({ kind: 'pass' })
  await exchange(other, 'other')
  await until(() => old.received() === 'before held' && young.received() === 'young', { what: 'held bytes arrive' })
})

test('a black hole keeps a reply from its client', async () => {
  const { proxy, serverSockets } = await setUp()
  const client = await open(proxy)
  await exchange(client, 'before')
  await proxy.setMode({ kind: 'blackHole' })
  await new Promise<void>((resolve) => serverSockets[0]?.write('reply', () => resolve()))
  const direct = await open({ ...proxy, port: serverSockets[0]?.localPort ?? 0 })
  await exchange(direct, 'a round trip later')
  expect(client.received()).toBe('before')
  expect(client.socket.destroyed).toBe(false)
})

test('half open: the server is gone and the client is not told, not even afterwards', async () => {
  const { proxy, serverSockets } = await setUp()
  const client = await open(proxy)
  await exchange(client, 'before')
  await proxy.setMode({ kind: 'halfOpen' })
  await until(() => serverSockets[0]?.destroyed, { what: 'the server sees the end' })
  await proxy.setMode({ kind: 'pass' })
  client.socket.write('lost')
  await exchange(await open(proxy), 'a new connection works')
  expect(client.received()).toBe('before')
  expect(client.socket.destroyed).toBe(false)
})

test('refuses new connections, cuts open ones, and listens again on the same port', async () => {
  const { proxy } = await setUp()
  const client = await open(proxy)
  await exchange(client, 'before')
  const closed = once(client.socket, 'close')
  await proxy.setMode({ kind: 'refuse' })
  await closed
  await expect(open(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await proxy.setMode({ kind: 'pass' })
  await exchange(await open(proxy), 'after')
})

test('latency delays and keeps the order', async () => {
  const { proxy } = await setUp()
  const client = await open(proxy)
  await proxy.setMode({ kind: 'latency', ms: 30 })
  const startedAt = performance.now()
  client.socket.write('one ')
  await proxy.setMode({ kind: 'latency', ms: 10 })
  client.socket.write('two')
  await until(() => client.received() === 'one two', { what: 'both come back in order' })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(20)
})

test('resets open and new connections', async () => {
  const { proxy } = await setUp()
  const client = await open(proxy)
  await exchange(client, 'before')
  await proxy.setMode({ kind: 'reset' })
  await until(() => client.error() === 'ECONNRESET', { what: 'the open connection is reset' })
  const young = connect(proxy.port, '127.0.0.1')
  const failed = once(young, 'error') as Promise<[NodeJS.ErrnoException]>
  expect((await failed)[0].code).toBe('ECONNRESET')
})

test('cuts a connection after so many bytes of the server', async () => {
  const { proxy } = await setUp()
  await proxy.setMode({ kind: 'cutAfter', bytes: 8 })
  const client = await open(proxy)
  await exchange(client, '12345')
  client.socket.write('67890')
  await once(client.socket, 'close')
  expect(client.received()).toBe('12345678')
})

test('puts itself into an address', async () => {
  const { proxy } = await setUp()
  expect(proxy.url('postgres://me:secret@db.example:5432/app')).toBe(`postgres://me:secret@127.0.0.1:${proxy.port}/app`)
})
