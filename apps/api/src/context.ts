import type { HttpBindings } from '@hono/node-server'
import type { Db } from '@flotilla/db'
import type { ToolView } from '@flotilla/domain'
import type { Hints, RequestAnalysisDeps, Submissions, Wake } from '@flotilla/engine'
import type { GateConfigOf } from '@flotilla/llm'
import type { BoardReader } from '@flotilla/queue'
import type { Clock, Log } from '@flotilla/runtime'
import type { Context } from 'hono'
import type { ApiMetrics } from './metrics/api-metrics.ts'
import type { FleetReads } from './metrics/fleet-reads.ts'
import type { EventFeeds } from './streams/event-feeds.ts'

/** What the routes work with. */
export type ApiDeps = Readonly<{
  db: Db
  /** Writes runs that are submitted at the same time together. */
  submissions?: Submissions
  clock: Clock
  random: (bytes: number) => Uint8Array
  wake: Wake
  hints: Hints
  feeds: EventFeeds
  fleet: FleetReads
  metrics: ApiMetrics
  /** What agents and plans may be given. */
  tools: readonly ToolView[]
  /** What analyses requests; `limitsOf`: the operator's limits of a lane. */
  models: Omit<RequestAnalysisDeps, 'db' | 'tools'> & Readonly<{ limitsOf?: GateConfigOf }>
  /** What `/readyz` asks beside the record, by name; a check throws when its dependency is down. */
  checks: Readonly<Record<string, () => Promise<void>>>
  /** Readers of the queues for the board; without it there is no board. */
  board?: (() => Promise<readonly BoardReader[]>) | undefined
  log: Log
}>

export type AppEnv = {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    /** SHA-256 of the body as it was sent; there once it has been read. */
    bodyHash: string
  }
}

const DEFAULT_WORKSPACE = 1

/** Whose data a request sees. Until there is login, everybody's is the default workspace's. */
export const workspaceOf = (_c: Context<AppEnv>): number => DEFAULT_WORKSPACE
