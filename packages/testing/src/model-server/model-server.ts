import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anthropic } from './anthropic.ts'
import { createJournal, type Journal, type JournalEntry } from './journal.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { createPromptCache } from './prompt-cache.ts'
import { outputTokensOf, type Asked, type Body, type Protocol, type ProtocolName, type Reply } from './protocol.ts'
import { createQuotaBook, type Limits } from './quota.ts'
import { streamAnswer } from './stream-answer.ts'

/**
 * How a call is answered: by a reply, at its pace, perhaps with a fault in it; or by an error's `status`. `silent` says
 * nothing at all, `no_token` headers alone, `stalled` half of its content; `cut` ends there, `reset` breaks the connection
 * off there, `malformed` sends half of an event's JSON there. What is silent or stalled lasts until the caller goes.
 */
export type Answer = Reply &
  Readonly<{
    status?: number
    /** Seconds, with a status. */
    retryAfter?: number
    message?: string
    /** The answer waits for this before it says anything. */
    when?: PromiseLike<unknown>
    firstTokenMs?: number
    betweenMs?: number
    fault?: 'silent' | 'no_token' | 'stalled' | 'cut' | 'reset' | 'malformed'
  }>

/** `nth` counts the calls from 1. Undefined leaves the call to the next rule. */
export type Rule = (asked: Asked, nth: number) => Answer | undefined | Promise<Answer | undefined>

export type ModelServerOptions = Readonly<{
  rules?: readonly Rule[]
  limits?: Limits
  /** Whether a 429 for a limit says when to come back. */
  tellsRetryAfter?: boolean
  /** The shortest prompt that is cached; left out, nothing is. */
  cacheFromTokens?: number
  port?: number
  now?: () => number
}>

/** A provider of models over HTTP: the wire protocols, limits, caches and faults of the real ones, and a journal. */
export interface ModelServer extends AsyncDisposable {
  /** For the Anthropic SDK; OpenAI's takes it with `/v1`. `GET /journal` gives the journal to other processes. */
  readonly url: string
  readonly journal: Journal
  /** Answers of the next calls, before any rule. */
  script(...answers: readonly Answer[]): void
  close(): Promise<void>
}

const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = { anthropic, responses: openaiResponses, chat: openaiChat }
const DEFAULT_ANSWER: Answer = { text: 'All is well with the fleet.' }

export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const state: State = {
    options,
    now: options.now ?? Date.now,
    scripted: [],
    journal: createJournal(),
    quotas: createQuotaBook(options.limits ?? {}),
    cache: createPromptCache(options.cacheFromTokens ?? Number.POSITIVE_INFINITY),
  }
  const server = createServer((request, response) => void serve(state, request, response))
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(options.port ?? 0, '127.0.0.1', resolve)
  await listening
  const close = async (): Promise<void> => {
    const { promise, resolve: closed } = Promise.withResolvers<void>()
    server.close(() => closed())
    server.closeAllConnections()
    await promise
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    journal: state.journal,
    script: (...answers) => void state.scripted.push(...answers),
    close,
    [Symbol.asyncDispose]: close,
  }
}

type State = Readonly<{
  options: ModelServerOptions
  now: () => number
  scripted: Answer[]
  journal: ReturnType<typeof createJournal>
  quotas: ReturnType<typeof createQuotaBook>
  cache: ReturnType<typeof createPromptCache>
}>

type Call = Readonly<{ asked: Asked; protocol: Protocol; entry: JournalEntry; response: ServerResponse }>

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => {}) // A caller that goes in the middle of its answer.
  if (request.url === '/journal')
    return sendJson(response, 200, { entries: state.journal.entries, ...state.journal.totals() })
  const body = await readBody(request)
  const found = Object.entries(PROTOCOLS).find(([, protocol]) => protocol.path === request.url)
  if (body === null || found === undefined) return void response.writeHead(404).end()
  const [name, protocol] = found as [ProtocolName, Protocol]
  const asked: Asked = { ...protocol.read(body), protocol: name, body }
  const { model, turn, first } = asked
  const key = protocol.key(request.headers)
  const entry = state.journal.open({ protocol: name, model, key, turn, first, at: state.now() })
  response.once('close', () => state.journal.close(entry, 'hung_up', state.now()))
  const answer = await answerOf(state, asked, entry.number)
  await answer.when
  if (response.destroyed || answer.fault === 'silent') return
  await respond(state, { asked, protocol, entry, response }, answer)
}

async function answerOf(state: State, asked: Asked, nth: number): Promise<Answer> {
  const scripted = state.scripted.shift()
  if (scripted) return scripted
  for (const rule of state.options.rules ?? []) {
    const answer = await rule(asked, nth)
    if (answer) return answer
  }
  return DEFAULT_ANSWER
}

async function respond(state: State, call: Call, answer: Answer): Promise<void> {
  const { asked, protocol, entry } = call
  const now = state.now()
  const prompt = state.cache.look(asked, entry.key, now)
  const output = outputTokensOf(answer)
  const tokens = { input: prompt.input, cached: prompt.cached, written: prompt.written, ...output }
  const counted = prompt.input + prompt.written + (asked.protocol === 'anthropic' ? 0 : prompt.cached) + output.output
  const lane = `${asked.protocol}/${asked.model}/${entry.key}`
  const taken = answer.status === undefined ? state.quotas.take(lane, counted, now) : undefined
  const headers = taken ? protocol.quotaHeaders(taken.quotas, now) : {}
  if (taken && !taken.ok) {
    const told = state.options.tellsRetryAfter === false ? {} : { retryAfter: Math.ceil(taken.retryAfterMs / 1000) }
    return refuse(state, call, { status: 429, message: 'the limit per minute is reached', ...told }, headers)
  }
  if (answer.status !== undefined) return refuse(state, call, answer, headers)
  entry.status = 200
  entry.tokens = tokens
  const id = `mock_${entry.number}`
  const stream = protocol.events({ id, model: `${asked.model}@${entry.number}`, reply: answer, tokens })
  const end = await streamAnswer(call.response, {
    stream,
    closing: protocol.end,
    headers,
    answer,
    began: () => prompt.keep(state.now()),
  })
  if (end !== 'open') state.journal.close(entry, end, state.now())
}

function refuse(state: State, call: Call, answer: Answer, headers: Record<string, string>): void {
  const { protocol, entry, response } = call
  const status = answer.status ?? 500
  entry.status = status
  const wait = answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) }
  state.journal.close(entry, 'refused', state.now())
  sendJson(response, status, protocol.error(status, answer.message ?? `mock ${status}`), { ...headers, ...wait })
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** Null when the caller went away before it had said all, or said what is no JSON. */
async function readBody(request: IncomingMessage): Promise<Body | null> {
  let text = ''
  try {
    for await (const chunk of request) text += String(chunk)
    return JSON.parse(text) as Body
  } catch {
    return null
  }
}
