import { readBody, type Call, type CallOptions, type Transport } from './transport.ts'

export type Page<T> = Readonly<{ items: readonly T[]; nextCursor: string | null }>
export type PageQuery = Readonly<{ limit?: number | undefined; cursor?: string | undefined }>

export const runPath = (id: string): string => `/v1/runs/${encodeURIComponent(id)}`

export const read = (path: string, options: CallOptions = {}): Call => ({
  method: 'GET',
  path,
  repeatable: true,
  signal: options.signal,
})

export async function readText(transport: Transport, call: Call): Promise<string> {
  return readBody(transport.url, await transport.send(call), call.signal)
}
