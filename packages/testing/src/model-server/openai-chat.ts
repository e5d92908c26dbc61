import { bearerKey, openAIError, openAIQuotaHeaders } from './openai-wire.ts'
import { argumentsText, contentOf, list, pieces, textIn, type Protocol, type Reply, type Tokens } from './protocol.ts'

/** Chat Completions, as OpenAI and compatible servers speak it. */
export const openaiChat: Protocol = {
  path: '/v1/chat/completions',
  end: 'data: [DONE]\n\n',
  key: bearerKey,
  read: (body) => {
    const messages = list(body['messages'])
    return {
      model: String(body['model']),
      text: textIn(messages),
      first: textIn(messages.find(({ role }) => role === 'user')?.['content']),
      turn: messages.filter(({ role }) => role === 'assistant').length + 1,
      tools: list(body['tools']).map((tool) => String((tool['function'] as { name?: string } | undefined)?.name)),
      maxOutputTokens: Number(body['max_tokens'] ?? body['max_completion_tokens'] ?? 0),
      blocks: [
        ...list(body['tools']),
        ...messages.flatMap((message) => ('content' in message ? contentOf(message) : [message])),
      ].map((block) => ({ text: JSON.stringify(block), breakpoint: true })),
    }
  },
  events: ({ id, model, reply, tokens }) => {
    const chunk = (delta: object, finish: string | null = null): object => ({
      id,
      object: 'chat.completion.chunk',
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
    return {
      before: [chunk({ role: 'assistant', content: '' })],
      content: deltasOf(reply, id).map((delta) => chunk(delta)),
      after: [
        chunk({}, finishOf(reply)),
        { id, object: 'chat.completion.chunk', model, choices: [], usage: usageOf(tokens) },
      ],
    }
  },
  error: openAIError,
  quotaHeaders: openAIQuotaHeaders,
}

function finishOf({ stop, refusal, calls }: Reply): string {
  if (refusal && refusal.explanation === undefined) return 'content_filter'
  if (stop === 'max_tokens') return 'length'
  return calls?.length ? 'tool_calls' : 'stop'
}

const usageOf = (tokens: Tokens): object => ({
  prompt_tokens: tokens.input + tokens.cached + tokens.written,
  prompt_tokens_details: { cached_tokens: tokens.cached, cache_write_tokens: tokens.written },
  completion_tokens: tokens.output,
  completion_tokens_details: { reasoning_tokens: tokens.thinking },
  total_tokens: tokens.input + tokens.cached + tokens.written + tokens.output,
})

function deltasOf({ text = '', thinking, refusal, calls = [] }: Reply, id: string): object[] {
  return [
    ...pieces(thinking ?? '').map((piece) => ({ reasoning_content: piece })),
    ...pieces(text).map((piece) => ({ content: piece })),
    ...pieces(refusal?.explanation ?? '').map((piece) => ({ refusal: piece })),
    ...calls.flatMap(({ name, arguments: args }, index) => [
      { tool_calls: [{ index, id: `${id}_${index}`, type: 'function', function: { name, arguments: '' } }] },
      ...pieces(argumentsText(args)).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ]
}
