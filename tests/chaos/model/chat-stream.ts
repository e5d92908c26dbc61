import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'
import { modelNameOf, type JournalEntry } from './journal.ts'

type Body = Readonly<Record<string, unknown>>

/** The parts of a Chat Completions request that an answer depends on; null for what is none of ours. */
export function readRequest(body: Body): Readonly<{
  first: string
  turn: number
  goal: string
  key: string
  mode: 'task' | 'judge'
  maxOutputTokens: number
}> | null {
  const messages = Array.isArray(body['messages']) ? (body['messages'] as Body[]) : []
  const first = messages.find((message) => message['role'] === 'user')?.['content']
  if (typeof first !== 'string') return null
  const inside = (tag: string): string => new RegExp(`<${tag}>\\n([\\s\\S]*?)\\n</${tag}>`).exec(first)?.[1] ?? ''
  const mode = inside('mode')
  const key = /<task [^>]*?key="([^"]+)"/.exec(first)?.[1]
  if (key === undefined || (mode !== 'TASK_EXECUTION' && mode !== 'VERIFIER')) return null
  const turn = messages.filter((message) => message['role'] === 'assistant').length + 1
  const maxOutputTokens = Number(body['max_tokens'] ?? 1_000)
  return { first, turn, goal: inside('goal'), key, mode: mode === 'VERIFIER' ? 'judge' : 'task', maxOutputTokens }
}

/**
 * Far from what a campaign calls. Of a provider that tells no limit the fleet takes each 429 for one that it has come to, and a
 * seeded one would have the rest of the campaign crawl.
 */
const LIMITS = { 'x-ratelimit-limit-requests': '1000000', 'x-ratelimit-remaining-requests': '1000000' }

/** Writes an answer as a stream of chunks; a cut one breaks off in its middle. */
export function writeAnswer(
  response: ServerResponse,
  answer: Exclude<Answer, { kind: 'kill' }>,
  entry: JournalEntry,
): void {
  if (answer.kind === 'refuse') {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...LIMITS })
    response.end(JSON.stringify({ error: { message: `chaos ${answer.status}`, type: 'server_error', code: null } }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...LIMITS })
  const send = (delta: object, finish: string | null = null): void =>
    void response.write(
      `data: ${JSON.stringify({ ...head(entry), choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    )
  send({ role: 'assistant', content: '' })
  if (answer.kind === 'cut') {
    send({ content: answer.text })
    response.destroy()
    return
  }
  if (answer.kind === 'say') for (const half of halves(answer.text)) send({ content: half })
  else for (const delta of callDeltas(answer, entry)) send(delta)
  send({}, answer.kind === 'say' ? 'stop' : 'tool_calls')
  const usage = {
    prompt_tokens: entry.inputTokens,
    prompt_tokens_details: { cached_tokens: entry.cachedInputTokens },
    completion_tokens: entry.outputTokens,
  }
  response.end(`data: ${JSON.stringify({ ...head(entry), choices: [], usage })}\n\ndata: [DONE]\n\n`)
}

const head = (entry: JournalEntry) => ({
  id: `call_${entry.number}`,
  object: 'chat.completion.chunk',
  model: modelNameOf(entry),
})

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

function callDeltas(answer: Extract<Answer, { kind: 'call' }>, entry: JournalEntry): object[] {
  const call = {
    index: 0,
    id: `call_${entry.number}_0`,
    type: 'function',
    function: { name: answer.tool, arguments: '' },
  }
  const rest = halves(JSON.stringify(answer.arguments)).map((piece) => ({ index: 0, function: { arguments: piece } }))
  return [call, ...rest].map((delta) => ({ tool_calls: [delta] }))
}
