import { createTcpProxy, createTestDatabase, until, type TcpProxy } from '@flotilla/testing'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createPostgresListener, type PostgresListener } from './postgres-listener.ts'

const PROBE_MS = 200

type Heard = Readonly<{
  listener: PostgresListener
  proxy: TcpProxy
  messages: string[]
  errors: string[]
  say(text: string): Promise<void>
  backends(): Promise<number>
}>

async function listenBehindProxy(): Promise<Heard> {
  const database = await createTestDatabase()
  const { hostname, port } = new URL(database.url)
  const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  const speaker = new pg.Client({ connectionString: database.url })
  await speaker.connect()
  const messages: string[] = []
  const errors: string[] = []
  const listener = createPostgresListener({
    databaseUrl: proxy.url(database.url),
    channel: 'something',
    onMessage: (message) => messages.push(message),
    onError: (error) => errors.push(error.message),
    probeMs: PROBE_MS,
  })
  await listener.start()
  onTestFinished(async () => {
    await listener.close()
    await proxy.close()
    await speaker.end()
    await database.drop()
  })
  return {
    listener,
    proxy,
    messages,
    errors,
    say: async (text) => void (await speaker.query("select pg_notify('something', $1)", [text])),
    backends: async () =>
      (await speaker.query("select from pg_stat_activity where application_name = 'flotilla-hints'")).rowCount ?? 0,
  }
}

/** Notifications may be lost while nobody listens: says it until it is heard. */
const untilHeard = ({ say, messages }: Heard, text: string): Promise<boolean> =>
  until(
    async () => {
      await say(text)
      return messages.includes(text)
    },
    { what: `"${text}" is heard`, timeoutMs: 20_000 },
  )

test('hears what is said, and again after its connection was ended', async () => {
  const heard = await listenBehindProxy()
  await untilHeard(heard, 'one')
  await heard.proxy.setMode({ kind: 'reset' })
  await heard.proxy.setMode({ kind: 'pass' })
  await untilHeard(heard, 'two')
  expect(new Set(heard.messages)).toEqual(new Set(['one', 'two']))
})

test('hears again after its connection was half-open', async () => {
  const heard = await listenBehindProxy()
  await heard.proxy.setMode({ kind: 'halfOpen' })
  await until(async () => (await heard.backends()) === 0, { what: 'the server has lost the listener' })
  await heard.proxy.setMode({ kind: 'pass' })
  await untilHeard(heard, 'three')
})

test('closes at once, whether its server is there or not', async () => {
  const { listener, proxy } = await listenBehindProxy()
  await proxy.setMode({ kind: 'halfOpen' })
  const before = performance.now()
  await listener.close()
  expect(performance.now() - before).toBeLessThan(3_000)
})
