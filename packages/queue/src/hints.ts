import type { Redis } from 'ioredis'
import * as v from 'valibot'
import type { Backend } from './backend.ts'
import { createPostgresListener, type PostgresListener } from './postgres-listener.ts'

/**
 * Hints say that something moved; what moved is in the record. They may be lost, doubled or reordered, and a reader that missed
 * one catches up. `parked`: ready tasks wait in the record, and who has places may draw them; `by`: which worker has parked
 * them and looked itself, and whether they are for judges. `stream` carries a model's words while they come and is kept
 * nowhere; `takeBack` says that the last so many characters of them are void, and comes without words. They are sent only while
 * somebody reads them, who says so with `wanted` at least every `WANTED_EVERY_MS`: a fleet's models say far more than anybody
 * reads.
 */
const HintSchema = v.union([
  v.object({ runId: v.number() }),
  v.object({ cancelled: v.number() }),
  v.object({ roles: v.array(v.string()) }),
  v.object({ wiped: v.literal(true) }),
  v.object({ parked: v.literal(true), by: v.exactOptional(v.object({ worker: v.string(), judges: v.boolean() })) }),
  v.object({ chores: v.string() }),
  v.object({ wanted: v.object({ runId: v.number(), idx: v.number() }) }),
  v.object({
    stream: v.object({ runId: v.number(), idx: v.number(), delta: v.string(), takeBack: v.exactOptional(v.number()) }),
  }),
])
export type Hint = v.InferOutput<typeof HintSchema>
/** As it is sent: runs that moved at the same time go together. */
const MessageSchema = v.union([v.object({ runIds: v.array(v.number()) }), HintSchema])

export type Hints = Readonly<{
  publish(hint: Hint): void
  subscribe(listener: (hint: Hint) => void): () => void
  start(): Promise<void>
  close(): Promise<void>
}>

export const WANTED_EVERY_MS = 5_000
/** One that is lost is made up for by the next. */
const WANTED_MS = 3 * WANTED_EVERY_MS

const CHANNEL = 'flotilla_hints'
/** NOTIFY takes less than 8,000 bytes; a character can take four, and JSON escapes six. */
const DELTA_CHARS = 1_200
/** Of at most 17 characters each. */
const RUNS_A_MESSAGE = 400
const FLUSH_MS = 5
/** A connection that only listens asks nothing, and so never learns that its peer is gone: with this it does within 25 s. */
const PROBE_MS = 5_000

export function openHints(backend: Backend, databaseUrl: string, onError: (error: Error) => void): Hints {
  const transport =
    backend.kind === 'redis' ? redisTransport(backend, onError) : postgresTransport(backend, databaseUrl, onError)
  return batched(transport, onError)
}

/** Hints within one process, for tests. */
export function createLocalHints(): Hints {
  const listeners = new Set<(hint: Hint) => void>()
  return {
    publish: (hint) => listeners.forEach((listener) => listener(hint)),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

type Transport = Readonly<{
  send(messages: string[]): Promise<void>
  listen(onMessage: (message: string) => void): Promise<void>
  close(): Promise<void>
}>

/** Collects what is published within a few milliseconds; equal hints go once. */
function batched(transport: Transport, onError: (error: Error) => void): Hints {
  const listeners = new Set<(hint: Hint) => void>()
  const wanted = createWanted()
  let pieces = 0
  let pending: string[] = []
  let moved = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    const messages = [...pending, ...movedMessages([...moved])]
    pending = []
    moved = new Set()
    transport.send(messages).catch(onError)
  }
  const arm = (): void => {
    timer ??= setTimeout(flush, FLUSH_MS)
  }
  const push = (message: string): void => {
    pending.push(message)
    arm()
  }
  return {
    publish: (hint) => {
      if ('stream' in hint) {
        if (!wanted.has(hint.stream)) return
        if (hint.stream.takeBack !== undefined) push(JSON.stringify({ stream: hint.stream, piece: ++pieces }))
        else
          for (let i = 0; i < hint.stream.delta.length; i += DELTA_CHARS) {
            const stream = { ...hint.stream, delta: hint.stream.delta.slice(i, i + DELTA_CHARS) }
            // Numbered, since NOTIFY drops what is equal within a transaction: a model may well repeat itself.
            push(JSON.stringify({ stream, piece: ++pieces }))
          }
        return
      }
      if ('runId' in hint) {
        moved.add(hint.runId)
        return arm()
      }
      const message = JSON.stringify(hint)
      if (!pending.includes(message)) push(message)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () =>
      transport.listen((message) => {
        for (const hint of parse(message)) {
          if ('wanted' in hint) wanted.add(hint.wanted)
          listeners.forEach((listener) => listener(hint))
        }
      }),
    close: async () => {
      clearTimeout(timer)
      await transport.close()
    },
  }
}

type TaskPlace = Readonly<{ runId: number; idx: number }>

/** Tasks whose words somebody reads, until when nobody has said so again. */
function createWanted() {
  const until = new Map<string, number>()
  const keyOf = ({ runId, idx }: TaskPlace): string => `${runId}/${idx}`
  return {
    add(task: TaskPlace): void {
      const now = performance.now()
      for (const [key, end] of until) if (end < now) until.delete(key)
      until.set(keyOf(task), now + WANTED_MS)
    },
    has: (task: TaskPlace): boolean => until.size > 0 && (until.get(keyOf(task)) ?? 0) > performance.now(),
  }
}

const movedMessages = (runIds: readonly number[]): string[] =>
  Array.from({ length: Math.ceil(runIds.length / RUNS_A_MESSAGE) }, (_, i) =>
    JSON.stringify({ runIds: runIds.slice(i * RUNS_A_MESSAGE, (i + 1) * RUNS_A_MESSAGE) }),
  )

function parse(message: string): Hint[] {
  try {
    const { success, output } = v.safeParse(MessageSchema, JSON.parse(message))
    if (!success) return []
    return 'runIds' in output ? output.runIds.map((runId) => ({ runId })) : [output]
  } catch {
    return []
  }
}

function redisTransport(backend: Backend, onError: (error: Error) => void): Transport {
  const channel = `${backend.prefix}:${CHANNEL}`
  let publisher: Redis | null = null
  let connected = false
  let probe: NodeJS.Timeout | undefined
  const openPublisher = (): Redis | null => {
    const redis = backend.redis()
    redis?.once('ready', () => (connected = true))
    return redis
  }
  return {
    send: async (messages) => {
      publisher ??= openPublisher()
      // Only for the first connection are hints kept: after an outage the record is ahead of all that was told during it.
      if (connected && publisher?.status !== 'ready') return
      const pipeline = publisher?.pipeline()
      for (const message of messages) pipeline?.publish(channel, message)
      await pipeline?.exec()
    },
    listen: async (onMessage) => {
      const subscriber = backend.redis()
      subscriber?.on('message', (_channel: string, message: string) => onMessage(message))
      // ioredis subscribes again by itself after a reconnect.
      await subscriber?.subscribe(channel).catch(onError)
      probe = setInterval(() => {
        if (subscriber?.status === 'ready') subscriber.ping().catch(onError)
      }, PROBE_MS).unref()
    },
    close: async () => clearInterval(probe),
  }
}

function postgresTransport(backend: Backend, databaseUrl: string, onError: (error: Error) => void): Transport {
  let listener: PostgresListener | undefined
  return {
    send: async (messages) =>
      void (await backend.pool?.query(`select pg_notify('${CHANNEL}', m) from unnest($1::text[]) m`, [messages])),
    listen: (onMessage) => {
      listener = createPostgresListener({ databaseUrl, channel: CHANNEL, onMessage, onError })
      return listener.start()
    },
    close: async () => listener?.close(),
  }
}
