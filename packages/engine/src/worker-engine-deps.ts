import type { StopSignals } from '@flotilla/agents'
import type { ClaimedTask, Db, Settlement } from '@flotilla/db'
import type { Backend, Hints, Producer } from '@flotilla/queue'
import type { Log } from '@flotilla/runtime'
import type pg from 'pg'
import type { EngineMetrics } from './engine-metrics.ts'
import type { RunLeases } from './run-leases.ts'

export type WorkerRoles = Readonly<{
  planner: boolean
  /** Agent roles to serve: a list, or null for all; undefined for none. */
  agents: readonly string[] | null | undefined
  verifier: boolean
  learner: boolean
  maintenance: boolean
}>

export type WorkerEngineDeps = Readonly<{
  worker: string
  version: string
  roles: WorkerRoles
  concurrency: number
  leaseMs: number
  heartbeatMs: number
  sweepMs: number
  pool: pg.Pool
  db: Db
  backend: Backend
  producer: Producer
  hints: Hints
  log: Log
  metrics?: EngineMetrics | undefined
  random: () => number
  runTask: (task: ClaimedTask, stop: StopSignals) => Promise<Settlement>
  /** False when there was nothing to do: the run is somebody else's, or past it. */
  planRun: (runId: number, leases: RunLeases) => Promise<boolean>
  finishRun: (runId: number, leases: RunLeases) => Promise<boolean>
  learnRuns: (runIds: readonly number[]) => Promise<void>
}>
