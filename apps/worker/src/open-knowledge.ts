import type { Db } from '@flotilla/db'
import type { Knowledge } from '@flotilla/engine'
import {
  createLocalEmbeddings,
  createMediaCache,
  createVectorCache,
  indexCollection,
  loadMedia,
  readDocument,
  searchKnowledge,
} from '@flotilla/knowledge'
import type { Log } from '@flotilla/runtime'
import pLimit from 'p-limit'

/** Collections that are indexed at a time, the others wait: each holds a document with its chunks, and there is one thread for embeddings. */
const INDEXING = 4

/** Documents as the application role reads them, each in its workspace, with embeddings made in this process. */
export function openKnowledge(db: Db, log: Log): Knowledge & Readonly<{ close(): Promise<void> }> {
  const embeddings = createLocalEmbeddings({
    onFailure: (error) => log.warn({ err: error }, 'the embedding thread failed'),
  })
  const vectors = createVectorCache()
  const cache = createMediaCache()
  const inTurn = pLimit(INDEXING)
  return {
    index: (workspaceId, collectionId) =>
      inTurn(async () => {
        const done = await indexCollection({ db, embeddings }, { workspaceId, collectionId })
        if (done.documents > 0) log.info({ collectionId, ...done }, 'documents indexed')
      }),
    search: (workspaceId, collectionId) => (query, limit) =>
      searchKnowledge({ db, embeddings, vectors }, { workspaceId, collectionId, query, limit }),
    read: (workspaceId, collectionId) => (name) => readDocument({ db }, { workspaceId, collectionId, name }),
    media: (workspaceId, collectionId) => (name) => loadMedia({ db, cache }, { workspaceId, collectionId, name }),
    close: async () => embeddings.close(),
  }
}
