import { halves, list, sendEvents, textIn, TOKENS, type Protocol, type Reply } from './protocol.ts'

/** OpenAI's Responses API. */
export const openaiResponses: Protocol = {
  path: '/v1/responses',
  read: (body) => {
    const input = list(body['input'])
    const replies = input.map((item) => item['role'] === 'assistant' || item['type'] === 'function_call')
    return {
      model: String(body['model']),
      text: textIn([body['instructions'], input]),
      first: textIn(input.find(({ role }) => role === 'user')?.['content']),
      // Several items in a row are one answer.
      turn: replies.filter((isReply, i) => isReply && !replies[i - 1]).length + 1,
      tools: list(body['tools']).map(({ name }) => String(name)),
    }
  },
  write: (response, reply, id) =>
    sendEvents(response, [
      { type: 'response.created', response: { id, object: 'response', status: 'in_progress', output: [] } },
      ...items(reply, id),
      {
        type: 'response.completed',
        response: {
          id,
          object: 'response',
          status: 'completed',
          model: 'mock',
          output: [],
          usage: {
            input_tokens: TOKENS.input,
            output_tokens: TOKENS.output,
            total_tokens: TOKENS.input + TOKENS.output,
          },
        },
      },
    ]),
  error: (status, message) => ({
    error: { message, type: status === 429 ? 'rate_limit_exceeded' : 'server_error', code: null },
  }),
}

function items(reply: Reply, id: string): object[] {
  if ('say' in reply) {
    const message = { type: 'message', id: `${id}_m`, role: 'assistant', status: 'completed' }
    return [
      { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
      ...halves(reply.say).map((delta) => ({
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta,
      })),
      done(0, { ...message, content: [{ type: 'output_text', text: reply.say, annotations: [] }] }),
    ]
  }
  return reply.call.flatMap(({ tool, arguments: args }, n) => {
    const call = { type: 'function_call', id: `${id}_f${n}`, call_id: `${id}_${n}`, name: tool }
    return [
      { type: 'response.output_item.added', output_index: n, item: { ...call, arguments: '' } },
      ...halves(JSON.stringify(args)).map((delta) => ({
        type: 'response.function_call_arguments.delta',
        output_index: n,
        delta,
      })),
      done(n, { ...call, arguments: JSON.stringify(args) }),
    ]
  })
}

const done = (output_index: number, item: object): object => ({ type: 'response.output_item.done', output_index, item })
