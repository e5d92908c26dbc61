import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type WireCall = { path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }
export type WireAnswer = (response: ServerResponse, call: WireCall, index: number) => void | Promise<void>

/** A server that answers byte by byte as the test says, for what a mock of the protocols cannot do. */
export async function startWire(answer: WireAnswer): Promise<{
  url: string
  calls: WireCall[]
  [Symbol.asyncDispose](): Promise<void>
}> {
  const calls: WireCall[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const call = { path: request.url ?? '', headers: request.headers, body }
      calls.push(call)
      return answer(response, call, calls.length - 1)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): WireAnswer => {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
}

export function startEvents(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
}

/** Server-sent events; an event with a `type` is named by it, as Anthropic and the Responses API do. */
export function sendEvents(response: ServerResponse, events: readonly object[]): void {
  for (const event of events) {
    const name = 'type' in event ? `event: ${String(event.type)}\n` : ''
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`)
  }
}

export const events = (list: readonly object[], headers: Record<string, string> = {}): WireAnswer => {
  return (response) => {
    startEvents(response, headers)
    sendEvents(response, list)
    response.end()
  }
}

/** Chat Completions chunks, closed by `[DONE]`. */
export const chunks = (list: readonly object[]): WireAnswer => {
  return (response) => {
    startEvents(response)
    for (const chunk of list) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    response.end('data: [DONE]\n\n')
  }
}
