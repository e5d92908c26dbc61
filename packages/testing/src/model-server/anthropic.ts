import { bearerKey } from './openai-wire.ts'
import {
  argumentsText,
  contentOf,
  list,
  pieces,
  textIn,
  type Body,
  type PromptBlock,
  type Protocol,
  type Quotas,
  type Reply,
  type Tokens,
} from './protocol.ts'

/** Anthropic's Messages API. */
export const anthropic: Protocol = {
  path: '/v1/messages',
  end: '',
  // Its SDK sends a bearer token, other clients the header of its own.
  key: (headers) => bearerKey(headers) || String(headers['x-api-key'] ?? ''),
  read: (body) => {
    const messages = list(body['messages'])
    return {
      model: String(body['model']),
      text: textIn([body['system'], messages]),
      first: textIn(messages[0]?.['content']),
      turn: messages.filter(({ role }) => role === 'assistant').length + 1,
      tools: list(body['tools']).map(({ name }) => String(name)),
      maxOutputTokens: Number(body['max_tokens'] ?? 0),
      blocks: [...list(body['tools']), ...systemBlocks(body['system']), ...messages.flatMap(contentOf)].map(blockOf),
    }
  },
  events: ({ id, model, reply, tokens }) => ({
    before: [
      {
        type: 'message_start',
        message: { id, type: 'message', role: 'assistant', model, content: [], usage: usageOf(tokens, 1) },
      },
    ],
    content: blocks(reply, id),
    after: [
      {
        type: 'message_delta',
        delta: {
          stop_reason: stopOf(reply),
          stop_sequence: null,
          ...(reply.refusal && { stop_details: details(reply.refusal) }),
        },
        usage: { ...usageOf(tokens, tokens.output), output_tokens_details: { thinking_tokens: tokens.thinking } },
      },
      { type: 'message_stop' },
    ],
  }),
  error: (status, message) => ({ type: 'error', error: { type: ERRORS[status] ?? 'api_error', message } }),
  quotaHeaders: (quotas, now) => headersOf(quotas, now),
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

const systemBlocks = (system: unknown): Body[] => (typeof system === 'string' ? [{ text: system }] : list(system))

const blockOf = ({ cache_control: mark, ...block }: Body): PromptBlock => ({
  text: JSON.stringify(block),
  breakpoint: mark !== undefined,
})

const usageOf = (tokens: Tokens, output: number): object => ({
  input_tokens: tokens.input,
  cache_read_input_tokens: tokens.cached,
  cache_creation_input_tokens: tokens.written,
  output_tokens: output,
})

const details = (refusal: NonNullable<Reply['refusal']>): object => ({
  type: 'refusal',
  category: refusal.category ?? null,
  explanation: refusal.explanation ?? null,
})

function stopOf(reply: Reply): string {
  if (reply.refusal) return 'refusal'
  if (reply.stop === 'max_tokens') return 'max_tokens'
  return reply.calls?.length ? 'tool_use' : 'end_turn'
}

function blocks({ text, thinking, calls = [] }: Reply, id: string): object[] {
  const parts: [object, object[]][] = []
  if (thinking !== undefined) {
    const thoughts = pieces(thinking).map((piece) => ({ type: 'thinking_delta', thinking: piece }))
    const signed = { type: 'signature_delta', signature: `signed_${id}` }
    parts.push([{ type: 'thinking', thinking: '', signature: '' }, [...thoughts, signed]])
  }
  if (text !== undefined) {
    parts.push([{ type: 'text', text: '' }, pieces(text).map((piece) => ({ type: 'text_delta', text: piece }))])
  }
  for (const [n, { name, arguments: args }] of calls.entries()) {
    const json = pieces(argumentsText(args)).map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
    parts.push([{ type: 'tool_use', id: `${id}_${n}`, name, input: {} }, json])
  }
  return parts.flatMap(([start, deltas], index) => [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ])
}

/** Resets are points in time here. */
function headersOf(quotas: Quotas, now: number): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, quota] of Object.entries(quotas)) {
    headers[`anthropic-ratelimit-${name}-limit`] = String(quota.limit)
    headers[`anthropic-ratelimit-${name}-remaining`] = String(quota.remaining)
    headers[`anthropic-ratelimit-${name}-reset`] = new Date(now + quota.resetMs).toISOString()
  }
  return headers
}
