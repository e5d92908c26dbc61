/** Events of the three wire protocols, as far as the providers read them. */

export const anthropicStart = (usage: object = { input_tokens: 12, output_tokens: 1 }): object => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5-5', content: [], usage },
})

export const anthropicText = (index: number, ...deltas: string[]): object[] => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  ...deltas.map((text) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index },
]

export const anthropicTool = (index: number, id: string, name: string, ...pieces: string[]): object[] => [
  { type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } },
  ...pieces.map((partial_json) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  })),
  { type: 'content_block_stop', index },
]

export const anthropicThinking = (index: number, thinking: string, signature: string): object[] => [
  { type: 'content_block_start', index, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking } },
  { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } },
  { type: 'content_block_stop', index },
]

export const anthropicEnd = (
  stop_reason: string,
  usage: object = { output_tokens: 7 },
  more: object = {},
): object[] => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null, ...more }, usage },
  { type: 'message_stop' },
]

export const responsesText = (index: number, ...deltas: string[]): object[] => [
  {
    type: 'response.output_item.added',
    output_index: index,
    item: { type: 'message', role: 'assistant', content: [] },
  },
  ...deltas.map((delta) => ({ type: 'response.output_text.delta', output_index: index, content_index: 0, delta })),
  responsesDone(index, {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: deltas.join(''), annotations: [] }],
  }),
]

export const responsesDone = (index: number, item: object): object => ({
  type: 'response.output_item.done',
  output_index: index,
  item,
})

export const responsesEnd = (status: 'completed' | 'incomplete' | 'failed', more: object = {}): object => ({
  type: `response.${status}`,
  response: {
    id: 'resp_1',
    object: 'response',
    status,
    model: 'gpt-6.1-sol-2026-09-29',
    output: [],
    usage: {
      input_tokens: 20,
      input_tokens_details: { cached_tokens: 8, cache_write_tokens: 4 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 6 },
      total_tokens: 30,
    },
    ...more,
  },
})

export const chatChunk = (delta: object, finish_reason: string | null = null, more: object = {}): object => ({
  id: 'chatcmpl_1',
  object: 'chat.completion.chunk',
  model: 'llama3',
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
})
