import { halves, list, sendEvents, textIn, TOKENS, type Protocol, type Reply } from './protocol.ts'

/** Anthropic's Messages API. */
export const anthropic: Protocol = {
  path: '/v1/messages',
  read: (body) => {
    const messages = list(body['messages'])
    return {
      model: String(body['model']),
      text: textIn([body['system'], messages]),
      first: textIn(messages[0]?.['content']),
      turn: messages.filter(({ role }) => role === 'assistant').length + 1,
      tools: list(body['tools']).map(({ name }) => String(name)),
    }
  },
  write: (response, reply, id) =>
    sendEvents(response, [
      {
        type: 'message_start',
        message: {
          id,
          type: 'message',
          role: 'assistant',
          model: 'mock',
          content: [],
          usage: { input_tokens: TOKENS.input, output_tokens: 1 },
        },
      },
      ...blocks(reply, id),
      {
        type: 'message_delta',
        delta: { stop_reason: 'say' in reply ? 'end_turn' : 'tool_use', stop_sequence: null },
        usage: { output_tokens: TOKENS.output },
      },
      { type: 'message_stop' },
    ]),
  error: (status, message) => ({ type: 'error', error: { type: ERRORS[status] ?? 'api_error', message } }),
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

function blocks(reply: Reply, id: string): object[] {
  if ('say' in reply)
    return block(
      0,
      { type: 'text', text: '' },
      halves(reply.say).map((text) => ({ type: 'text_delta', text })),
    )
  return reply.call.flatMap(({ tool, arguments: args }, n) =>
    block(
      n,
      { type: 'tool_use', id: `${id}_${n}`, name: tool, input: {} },
      halves(JSON.stringify(args)).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    ),
  )
}

const block = (index: number, start: object, deltas: readonly object[]): object[] => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]
