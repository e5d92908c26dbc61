import { createHash } from 'node:crypto'
import { createDb, createPool, inWorkspace, migrate, type Db, type DbRole } from '@flotilla/db'
import { createTestDatabase } from '@flotilla/testing'
import { expect } from 'vitest'

export type Named = Readonly<{ name: string; content: string }>

export type Library = Readonly<{
  /** Acts as the app role, which sees one workspace at a time. */
  app: Db
  engine: Db
  /** May change the schema. */
  owner: Db
  /** A workspace beside the default one, whose id is 1. */
  otherWorkspace: number
  /** A new collection of these documents, in the default workspace unless told. */
  add(documents: readonly Named[], workspaceId?: number): Promise<number>
  put(collectionId: number, n: number, document: Named): Promise<void>
  close(): Promise<void>
}>

/** A database of this test's own with nothing in it. */
export async function openLibrary(): Promise<Library> {
  const database = await createTestDatabase({
    template: { name: 'record', migrate: async (url) => void (await migrate(url)) },
  })
  const open = (role: DbRole) =>
    createDb(
      createPool({
        url: database.url,
        role,
        max: 4,
        applicationName: 'test',
        onError: (error) => expect.unreachable(error.message),
      }),
    )
  const [app, engine, owner] = [open('app'), open('engine'), open('owner')]
  const other = await engine
    .insertInto('workspaces')
    .values({ uid: 'wsp_other', name: 'other' })
    .returning('id')
    .executeTakeFirstOrThrow()
  const put = (collectionId: number, n: number, document: Named, workspaceId = 1) =>
    inWorkspace(app, workspaceId, async (tx) => {
      await tx
        .insertInto('documents')
        .values(rowOf(collectionId, n, document, workspaceId))
        .execute()
    })
  return {
    app,
    engine,
    owner,
    otherWorkspace: other.id,
    put,
    async add(documents, workspaceId = 1) {
      const { id } = await inWorkspace(app, workspaceId, (tx) =>
        tx
          .insertInto('collections')
          .values({ workspace_id: workspaceId, run_id: null })
          .returning('id')
          .executeTakeFirstOrThrow(),
      )
      for (const [n, document] of documents.entries()) await put(id, n, document, workspaceId)
      return id
    },
    async close() {
      await Promise.all([app.destroy(), engine.destroy(), owner.destroy()])
      await database.drop()
    },
  }
}

const rowOf = (collectionId: number, n: number, { name, content }: Named, workspaceId: number) => ({
  collection_id: collectionId,
  n,
  workspace_id: workspaceId,
  name,
  content,
  size_bytes: Buffer.byteLength(content),
  lines: content.split('\n').length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
