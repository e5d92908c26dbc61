import { halves, list, sendEvents, textIn, TOKENS, type Protocol, type Reply } from './protocol.ts'

/** Chat Completions, as servers with an OpenAI-compatible API speak it. */
export const openaiChat: Protocol = {
  path: '/v1/chat/completions',
  read: (body) => {
    const messages = list(body['messages'])
    return {
      model: String(body['model']),
      text: textIn(messages),
      first: textIn(messages.find(({ role }) => role === 'user')?.['content']),
      turn: messages.filter(({ role }) => role === 'assistant').length + 1,
      tools: list(body['tools']).map((tool) => (tool['function'] as { name: string }).name),
    }
  },
  write: (response, reply, id) =>
    sendEvents(
      response,
      [
        chunk(id, { role: 'assistant', content: '' }),
        ...deltas(reply, id).map((delta) => chunk(id, delta)),
        chunk(id, {}, 'say' in reply ? 'stop' : 'tool_calls'),
        { ...chunk(id, {}), choices: [], usage: { prompt_tokens: TOKENS.input, completion_tokens: TOKENS.output } },
      ],
      'data: [DONE]\n\n',
    ),
  error: (status, message) => ({
    error: { message, type: status === 429 ? 'rate_limit_exceeded' : 'server_error', code: null },
  }),
}

const chunk = (id: string, delta: object, finish_reason: string | null = null): object => ({
  id,
  object: 'chat.completion.chunk',
  model: 'mock',
  choices: [{ index: 0, delta, finish_reason }],
})

function deltas(reply: Reply, id: string): object[] {
  if ('say' in reply) return halves(reply.say).map((content) => ({ content }))
  return reply.call.flatMap(({ tool, arguments: args }, index) => [
    { tool_calls: [{ index, id: `${id}_${index}`, type: 'function', function: { name: tool, arguments: '' } }] },
    ...halves(JSON.stringify(args)).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ])
}
