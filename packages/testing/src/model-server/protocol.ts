/** What a model answers. `arguments` as a string are sent as they are, whatever they are. */
export type Reply = Readonly<{
  text?: string
  calls?: readonly Readonly<{ name: string; arguments: string | Readonly<Record<string, unknown>> }>[]
  thinking?: string
  refusal?: Readonly<{ category?: string; explanation?: string }>
  stop?: 'end' | 'max_tokens'
}>

/** Tokens as the provider counts them: `input` without what was read from and written to the cache. */
export type Tokens = Readonly<{ input: number; cached: number; written: number; output: number; thinking: number }>

/** A piece of the prompt in the order that it is read in; the prompt up to a breakpoint is cached. */
export type PromptBlock = Readonly<{ text: string; breakpoint: boolean }>

/** What one call asks, whatever the protocol. */
export type Asked = Readonly<{
  protocol: ProtocolName
  model: string
  /** System text and messages: everything that a model would read. */
  text: string
  /** The first message of the conversation. */
  first: string
  /** Answers of the model so far, plus one. */
  turn: number
  tools: readonly string[]
  maxOutputTokens: number
  blocks: readonly PromptBlock[]
  body: Body
}>

export type ProtocolName = 'anthropic' | 'responses' | 'chat'
export type Body = Readonly<Record<string, unknown>>
export type Quota = Readonly<{ limit: number; remaining: number; resetMs: number }>
export type Quotas = Readonly<{ requests?: Quota; tokens?: Quota }>

/** One of the wire protocols, as a server speaks it. */
export interface Protocol {
  readonly path: string
  read(body: Body): Omit<Asked, 'protocol' | 'body'>
  /** The key of a request's headers. */
  key(headers: Readonly<Record<string, string | string[] | undefined>>): string
  /** The streamed answer, in order: before its content, the content, and after it. */
  events(answer: Readonly<{ id: string; model: string; reply: Reply; tokens: Tokens }>): Stream
  /** Follows the last event. */
  readonly end: string
  error(status: number, message: string): object
  quotaHeaders(quotas: Quotas, now: number): Record<string, string>
}

export type Stream = Readonly<{ before: readonly object[]; content: readonly object[]; after: readonly object[] }>

/** Roughly as providers count: four characters to a token. */
export const tokensOf = (text: string): number => Math.ceil(text.length / 4)

export const outputTokensOf = ({
  text = '',
  thinking = '',
  calls = [],
  refusal,
}: Reply): { output: number; thinking: number } => {
  const said = calls.map(({ name, arguments: args }) => name + argumentsText(args)).join('')
  const thought = tokensOf(thinking)
  return { output: Math.max(1, tokensOf(text + said + (refusal?.explanation ?? ''))) + thought, thinking: thought }
}

export const argumentsText = (args: string | Readonly<Record<string, unknown>>): string =>
  typeof args === 'string' ? args : JSON.stringify(args)

/** In several pieces, so that a reader has to put them together. */
export const pieces = (text: string): string[] => text.match(/[\s\S]{1,24}/g) ?? []

/** All strings in a value, in order: a request's own words without its form. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  return Object.values(value)
    .map(textIn)
    .filter((text) => text !== '')
    .join('\n')
}

export const list = (value: unknown): Body[] => (Array.isArray(value) ? (value as Body[]) : [])

/** A message's content as its blocks. */
export const contentOf = (message: Body): Body[] =>
  typeof message['content'] === 'string' ? [{ type: 'text', text: message['content'] }] : list(message['content'])
