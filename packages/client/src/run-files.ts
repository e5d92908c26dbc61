import type { ArtifactView, DocumentView } from '@flotilla/domain'
import { read, runPath, type Page, type PageQuery } from './calls.ts'
import { networkFailure, type CallOptions, type Transport } from './transport.ts'

/** What a run has produced. */
export interface ArtifactCalls {
  list(id: string, options?: CallOptions): Promise<Page<ArtifactView>>
  get(id: string, name: string, options?: CallOptions): Promise<{ mediaType: string; content: Uint8Array }>
}

/** What a run was given to read. */
export interface DocumentCalls {
  list(id: string, query?: PageQuery, options?: CallOptions): Promise<Page<DocumentView>>
  /** A text as it was given, so that offsets of citations fit. */
  text(id: string, name: string, options?: CallOptions): Promise<string>
}

export const artifactCalls = (transport: Transport): ArtifactCalls => ({
  list: (id, o) => transport.json(read(`${runPath(id)}/artifacts`, o)),
  get: (id, name, o) => readBytes(transport, `${runPath(id)}/artifacts/${encodeURIComponent(name)}`, o),
})

export const documentCalls = (transport: Transport): DocumentCalls => ({
  list: (id, query, o) => transport.json({ ...read(`${runPath(id)}/documents`, o), query }),
  text: async (id, name, o) => {
    const { content } = await readBytes(transport, `${runPath(id)}/documents/${encodeURIComponent(name)}`, o)
    // What else reads text drops a byte order mark, and with it the place of all that follows.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(content)
  },
})

async function readBytes(
  transport: Transport,
  path: string,
  options?: CallOptions,
): Promise<{ mediaType: string; content: Uint8Array }> {
  const response = await transport.send({ ...read(path, options), accept: '*/*' })
  const mediaType = response.headers.get('content-type') ?? 'application/octet-stream'
  try {
    return { mediaType, content: new Uint8Array(await response.arrayBuffer()) }
  } catch (error) {
    throw networkFailure(transport.url, error, options?.signal)
  }
}
