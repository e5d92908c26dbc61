import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'

/**
 * What a burst of answers leaves behind stays open for the next calls, until it has rested for the agent's 5 s: to close
 * hundreds of connections at once keeps the event loop for 60 ms, and new ones cost a handshake each. Node's own agents,
 * since they know the environment's proxies; they would keep 256.
 */
for (const { globalAgent } of [http, https]) globalAgent.maxFreeSockets = Number.POSITIVE_INFINITY

/** Answers without a body. */
const BODILESS = new Set([204, 205, 304])

/**
 * What the SDKs need of `fetch`, over `node:http`: an open streamed answer then takes a third of the memory that Node's own
 * `fetch` takes for it, which is what limits how many a process can hold. Redirects are not followed: no provider has any.
 * `onBytes` hears of every piece of the body.
 */
export async function wireFetch(
  input: string | URL | Request,
  init: RequestInit | undefined,
  onBytes: () => void,
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input)
  const body = init?.body
  if (body !== undefined && body !== null && typeof body !== 'string')
    throw new TypeError(`a request's body is text; found ${Object.prototype.toString.call(body)}`)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method: init?.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init?.headers)),
    ...(init?.signal && { signal: init.signal }),
  })
  request.once('response', resolve)
  // Also after the response has begun: what breaks it off then is told by its body.
  request.on('error', reject)
  request.end(body ?? undefined)
  const message = await promise
  const status = message.statusCode ?? 0
  if (BODILESS.has(status)) message.resume()
  return new Response(BODILESS.has(status) ? null : bodyOf(message, onBytes), {
    status,
    statusText: message.statusMessage ?? '',
    headers: headersOf(message),
  })
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  return headers
}

/** The body as it comes; nothing is read ahead of what is asked for. */
function bodyOf(message: IncomingMessage, onBytes: () => void): ReadableStream<Uint8Array> {
  let over = false
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      message.on('data', (piece: Buffer) => {
        onBytes()
        controller.enqueue(piece)
        if ((controller.desiredSize ?? 0) <= 0) message.pause()
      })
      message.once('end', () => {
        over = true
        controller.close()
      })
      message.once('error', (error) => {
        if (!over) controller.error(error)
        over = true
      })
      message.pause()
    },
    pull: () => void message.resume(),
    cancel: () => {
      over = true
      message.destroy()
    },
  })
}
