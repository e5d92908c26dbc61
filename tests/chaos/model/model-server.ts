import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pause } from '../pause.ts'
import { planNumberOf, type ChaosPlan } from '../plan/chaos-plan.ts'
import { answerOf, type Answer } from './answer.ts'
import { readRequest, writeAnswer } from './chat-stream.ts'
import { createJournal, type Journal } from './journal.ts'

/** A provider of models over HTTP that answers by the seed and keeps a journal of its calls. */
export interface ModelServer {
  readonly url: string
  readonly journal: Journal
  close(): Promise<void>
}

export type ModelOptions = Readonly<{
  seed: number
  planOf: (number: number) => ChaosPlan
  /** The worker of this number runs a task that kills its workers. */
  onPoison: (worker: number) => void
}>

/** A worker tells itself by the path that it asks under: `/<worker>/v1/…`. */
export async function startModelServer(options: ModelOptions): Promise<ModelServer> {
  const journal = createJournal()
  const server = createServer((request, response) => void serve(request, response, options, journal))
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    journal,
    close: async () => {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>()
      server.close(() => done())
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { seed, planOf, onPoison }: ModelOptions,
  journal: Journal,
): Promise<void> {
  response.on('error', () => {}) // A caller that is killed in the middle of its answer.
  const body = await readBody(request)
  if (body === null) return
  const asked = readRequest(body)
  const plan = asked && planNumberOf(asked.goal)
  if (asked === null || plan === null) return void response.writeHead(404).end()
  const call = { plan, key: asked.key, mode: asked.mode, turn: asked.turn }
  const entry = journal.open(call, asked.maxOutputTokens)
  response.once('close', () => {
    if (!response.writableEnded) entry.hungUpAt = Date.now()
  })
  const answer = answerOf(seed, planOf(plan), { ...asked, nth: journal.count(call) })
  await pause(answer.afterMs)
  if (response.destroyed) {
    entry.end = 'hung_up'
    return
  }
  if (answer.kind === 'kill') return onPoison(Number(request.url?.split('/')[1]))
  entry.end = END[answer.kind]
  entry.answeredAt = Date.now()
  writeAnswer(response, answer, entry)
}

const END = { refuse: 'refused', cut: 'cut', say: 'answered', call: 'answered' } as const satisfies Record<
  Exclude<Answer['kind'], 'kill'>,
  string
>

/** Null when the caller went away before it had said all. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  let text = ''
  try {
    for await (const chunk of request) text += String(chunk)
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
