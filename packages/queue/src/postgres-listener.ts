import pg from 'pg'

export type ListenerSettings = Readonly<{
  databaseUrl: string
  channel: string
  onMessage: (message: string) => void
  onError: (error: Error) => void
  /** Milliseconds between two looks at whether the connection is alive; 10 s when left out. */
  probeMs?: number
}>

/** `start` resolves with the first connection, and rejects when there is none. */
export type PostgresListener = Readonly<{ start(): Promise<void>; close(): Promise<void> }>

const PROBE_MS = 10_000
/** How long an answer may take, and an orderly end. */
const PATIENCE_MS = 5_000
const END_MS = 1_000
const RECONNECT_MS = 1_000

/**
 * Hears a channel's notifications over a connection of its own, and connects again whenever that breaks. A connection
 * that only listens never learns that its peer is gone without a word, so it asks from time to time.
 */
export function createPostgresListener(settings: ListenerSettings): PostgresListener {
  const { onError, probeMs = PROBE_MS } = settings
  let current: pg.Client | undefined
  let closed = false

  const connect = async (): Promise<void> => {
    const client = openClient(settings)
    let lost = false
    let probe: NodeJS.Timeout | undefined
    const again = (): void => {
      if (lost) return
      lost = true
      clearTimeout(probe)
      client.removeAllListeners('notification')
      endClient(client).catch(onError)
      if (!closed) setTimeout(() => void connect().catch(onError), RECONNECT_MS).unref()
    }
    // A question that stays unanswered lets the client's end cut the connection.
    const ask = (): void => {
      client.query('select 1').then(() => {
        if (!lost) probe = setTimeout(ask, probeMs).unref()
      }, again)
    }
    client.on('end', again)
    client.on('error', again)
    await client.connect()
    await client.query(`listen ${settings.channel}`)
    if (closed) return endClient(client)
    current = client
    probe = setTimeout(ask, probeMs).unref()
  }

  return {
    start: connect,
    close: async () => {
      closed = true
      if (current !== undefined) await endClient(current)
    },
  }
}

function openClient({ databaseUrl, onMessage, onError }: ListenerSettings): pg.Client {
  const client = new pg.Client({
    connectionString: databaseUrl,
    keepAlive: true,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'flotilla-hints',
  })
  client.on('error', onError)
  client.on('notification', (note) => void (note.payload && onMessage(note.payload)))
  return client
}

/** Does not wait for a peer that is gone. */
async function endClient(client: pg.Client): Promise<void> {
  const givenUp = Promise.withResolvers<void>()
  const timer = setTimeout(givenUp.resolve, END_MS)
  await Promise.race([client.end(), givenUp.promise])
  clearTimeout(timer)
}
