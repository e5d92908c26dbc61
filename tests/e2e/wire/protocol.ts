import type { ServerResponse } from 'node:http'

/** What a model answers; `tokens` are the figures that every answer tells. */
export type Reply =
  | Readonly<{ say: string }>
  | Readonly<{ call: readonly Readonly<{ tool: string; arguments: Readonly<Record<string, unknown>> }>[] }>

/** What one call of a model is about, whatever the protocol. */
export type Asked = Readonly<{
  model: string
  /** System text and messages, everything a model would read. */
  text: string
  /** The first message of the conversation. */
  first: string
  /** Answers of the model so far, plus one. */
  turn: number
  tools: readonly string[]
}>

type Body = Readonly<Record<string, unknown>>

/** One of the wire protocols, as a server speaks it. */
export interface Protocol {
  readonly path: string
  read(body: Body): Asked
  /** The whole streamed answer. */
  write(response: ServerResponse, reply: Reply, id: string): void
  error(status: number, message: string): object
}

export const TOKENS = { input: 100, output: 20 } as const

export function sendEvents(response: ServerResponse, events: readonly object[], end = ''): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    const name = 'type' in event ? `event: ${String(event.type)}\n` : ''
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`)
  }
  response.end(end)
}

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

/** In two pieces, so that a reader has to put them together. */
export const halves = (text: string): string[] => {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '')
}
