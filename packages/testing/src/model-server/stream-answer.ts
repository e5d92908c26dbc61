import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Stream } from './protocol.ts'

export type StreamSettings = Readonly<{
  stream: Stream
  /** Follows the last event. */
  closing: string
  headers: Readonly<Record<string, string>>
  /** Called when the answer begins. */
  began: () => void
  answer: Readonly<{
    firstTokenMs?: number
    betweenMs?: number
    fault?: 'silent' | 'no_token' | 'stalled' | 'cut' | 'reset' | 'malformed'
  }>
}>

/** Writes a streamed answer with its pace and its fault. `open` is one that lasts until the caller goes. */
export async function streamAnswer(
  response: ServerResponse,
  settings: StreamSettings,
): Promise<'answered' | 'cut' | 'open'> {
  const { stream, closing, headers, answer } = settings
  const { fault } = answer
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
  if (fault === 'no_token') return 'open'
  if (answer.firstTokenMs !== undefined) await pause(answer.firstTokenMs)
  settings.began()
  const half = fault === undefined ? stream.content.length : Math.ceil(stream.content.length / 2)
  for (const event of [...stream.before, ...stream.content.slice(0, half)]) {
    if (response.destroyed) return 'open'
    response.write(lineOf(event))
    if (answer.betweenMs !== undefined) await pause(answer.betweenMs)
  }
  if (fault !== undefined) return breakOff(response, fault)
  for (const event of stream.after) response.write(lineOf(event))
  response.end(closing)
  return 'answered'
}

function breakOff(response: ServerResponse, fault: NonNullable<StreamSettings['answer']['fault']>): 'cut' | 'open' {
  switch (fault) {
    case 'malformed':
      response.end('event: message\ndata: {"type": "half of an ev\n\n')
      return 'cut'
    case 'cut':
      response.end()
      return 'cut'
    case 'reset':
      response.write('data: {"type": "part', () => response.destroy())
      return 'cut'
    default:
      return 'open'
  }
}

/** An event with a `type` is named by it, as Anthropic and the Responses API do. */
const lineOf = (event: object): string =>
  `${'type' in event ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`
