import { bearerKey, openAIError, openAIQuotaHeaders } from './openai-wire.ts'
import {
  argumentsText,
  contentOf,
  list,
  pieces,
  textIn,
  type Body,
  type PromptBlock,
  type Protocol,
  type Reply,
  type Tokens,
} from './protocol.ts'

/** OpenAI's Responses API. */
export const openaiResponses: Protocol = {
  path: '/v1/responses',
  end: '',
  key: bearerKey,
  read: (body) => {
    const input = list(body['input'])
    const replies = input.map((item) => item['role'] === 'assistant' || item['type'] === 'function_call')
    return {
      model: String(body['model']),
      text: textIn([body['instructions'], input]),
      first: textIn(input.find(({ role }) => role === 'user')?.['content']),
      // Several items in a row are one answer.
      turn: replies.filter((isReply, n) => isReply && !replies[n - 1]).length + 1,
      tools: list(body['tools']).map(({ name }) => String(name)),
      maxOutputTokens: Number(body['max_output_tokens'] ?? 0),
      blocks: promptOf(body, input),
    }
  },
  events: ({ id, model, reply, tokens }) => {
    const items = itemsOf(reply, id)
    const base = { id, object: 'response', model }
    const cut = reply.stop === 'max_tokens'
    return {
      before: [{ type: 'response.created', response: { ...base, status: 'in_progress', output: [] } }],
      content: items.flatMap(({ item, deltas, empty }, output_index) => [
        { type: 'response.output_item.added', output_index, item: { ...item, ...empty } },
        ...deltas.map((delta) => ({ ...delta, output_index, item_id: item['id'] })),
        { type: 'response.output_item.done', output_index, item },
      ]),
      after: [
        {
          type: cut ? 'response.incomplete' : 'response.completed',
          response: {
            ...base,
            status: cut ? 'incomplete' : 'completed',
            ...(cut && { incomplete_details: { reason: 'max_output_tokens' } }),
            output: items.map(({ item }) => item),
            usage: usageOf(tokens),
          },
        },
      ],
    }
  },
  error: openAIError,
  quotaHeaders: openAIQuotaHeaders,
}

function promptOf(body: Body, input: readonly Body[]): PromptBlock[] {
  const last = input.findLastIndex(({ role, type }) => role === 'user' || type === 'function_call_output')
  const head = [...list(body['tools']), ...(body['instructions'] ? [{ text: body['instructions'] }] : [])]
  return [
    ...head.map((block) => ({ text: JSON.stringify(block), breakpoint: false })),
    ...input.flatMap((item, n) => {
      const blocks = 'content' in item ? contentOf(item) : [item]
      return blocks.map(({ prompt_cache_breakpoint: mark, ...block }, at) => ({
        text: JSON.stringify(block),
        // One breakpoint is the provider's own, at the newest message.
        breakpoint: mark !== undefined || (n === last && at === blocks.length - 1),
      }))
    }),
  ]
}

const usageOf = (tokens: Tokens): object => ({
  input_tokens: tokens.input + tokens.cached + tokens.written,
  input_tokens_details: { cached_tokens: tokens.cached, cache_write_tokens: tokens.written },
  output_tokens: tokens.output,
  output_tokens_details: { reasoning_tokens: tokens.thinking },
  total_tokens: tokens.input + tokens.cached + tokens.written + tokens.output,
})

type Item = Readonly<{ item: Body; empty: Body; deltas: readonly object[] }>

function itemsOf({ text, thinking, refusal, calls = [] }: Reply, id: string): Item[] {
  const items: Item[] = []
  if (thinking !== undefined) {
    const item = { type: 'reasoning', id: `${id}_r`, summary: [], encrypted_content: `sealed_${id}` }
    items.push({ item, empty: { encrypted_content: '' }, deltas: [] })
  }
  if (text !== undefined || refusal) items.push(messageItem(text ?? '', refusal?.explanation, id))
  for (const [n, { name, arguments: args }] of calls.entries()) {
    const json = argumentsText(args)
    const item = { type: 'function_call', id: `${id}_f${n}`, call_id: `${id}_${n}`, name, arguments: json }
    const deltas = pieces(json).map((delta) => ({ type: 'response.function_call_arguments.delta', delta }))
    items.push({ item, empty: { arguments: '' }, deltas })
  }
  return items
}

function messageItem(text: string, refusal: string | undefined, id: string): Item {
  const message = { type: 'message', id: `${id}_m`, role: 'assistant', status: 'completed' }
  const part = refusal === undefined ? { type: 'output_text', text, annotations: [] } : { type: 'refusal', refusal }
  const type = refusal === undefined ? 'response.output_text.delta' : 'response.refusal.delta'
  const deltas = pieces(refusal ?? text).map((delta) => ({ type, content_index: 0, delta }))
  return { item: { ...message, content: [part] }, empty: { content: [] }, deltas }
}
