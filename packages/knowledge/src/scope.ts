import { inWorkspace, type Db, type Tx } from '@flotilla/db'

/**
 * A collection, and the workspace that it is read and written for. The app role sees nothing without one, unless the `db` it
 * comes with is a transaction of `inWorkspace` already.
 */
export type Scope = Readonly<{ collectionId: number; workspaceId?: number }>

/** One transaction in the scope's workspace; without a workspace the given handle as it is. */
export const reading = <T>(db: Db | Tx, { workspaceId }: Scope, work: (db: Db | Tx) => Promise<T>): Promise<T> =>
  workspaceId === undefined ? work(db) : inWorkspace(db, workspaceId, work)

/** One transaction, in the scope's workspace if it has one. */
export const writing = <T>(db: Db, { workspaceId }: Scope, work: (tx: Tx) => Promise<T>): Promise<T> =>
  workspaceId === undefined ? db.transaction().execute(work) : inWorkspace(db, workspaceId, work)
