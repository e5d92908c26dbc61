import os from 'node:os'
import type { Connection } from '../services/postgres.ts'
import { cpuMsOf, familyCpuMsOf, machineLoad, reapedCpuMsOf, type MachineLoad } from './process-figures.ts'

/** The processes that a measurement consists of, beside the one that measures. */
export type Watched = Readonly<{
  /** One process, or several that count together. */
  worker?: number | readonly number[]
  api?: number
  redis?: number
  /** A peer's own. */
  server?: number
  /** A provider of models. */
  model?: number
  /** What loads the API. */
  load?: number
  /** The server's first process; its connections are children of it. */
  postgres?: number
  /** Where WAL is asked for. */
  db?: Connection
}>

const CORES = os.cpus().length

export type Sample = Readonly<{
  atMs: number
  cpuMs: Readonly<Record<string, number>>
  walBytes: number | null
  machine: MachineLoad
}>

/** `submitter`: this process, with its children that have ended; those that run are watched or nobody's. */
export async function takeSample({ postgres, db, ...processes }: Watched): Promise<Sample> {
  const own = process.cpuUsage()
  return {
    atMs: performance.now(),
    cpuMs: {
      ...Object.fromEntries(Object.entries(processes).map(([name, pids]) => [name, cpuMsOfAll(pids)])),
      ...(postgres === undefined ? {} : { postgres: familyCpuMsOf(postgres) }),
      submitter: (own.user + own.system) / 1000 + reapedCpuMsOf(process.pid),
    },
    walBytes: db === undefined ? null : await walBytes(db),
    machine: machineLoad(),
  }
}

const cpuMsOfAll = (pids: number | readonly number[]): number =>
  [pids].flat().reduce((sum, pid) => sum + cpuMsOf(pid), 0)

async function walBytes(db: Connection): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`,
  )
  return rows[0]?.bytes ?? Number.NaN
}

/** What happened between two samples: CPU in ms and WAL in bytes per task, `cpu.total` without the submitter. */
export function loadPerTask(before: Sample, after: Sample, tasks: number, cores = CORES) {
  const used = Object.entries(after.cpuMs).map(([name, ms]) => [name, ms - (before.cpuMs[name] ?? 0)] as const)
  const system = used.reduce((sum, [name, ms]) => (name === 'submitter' ? sum : sum + ms), 0)
  return {
    ...Object.fromEntries(used.map(([name, ms]) => [`cpu.${name}`, ms / tasks])),
    'cpu.total': system / tasks,
    ...(after.walBytes === null ? {} : { wal: (after.walBytes - (before.walBytes ?? 0)) / tasks }),
    ...disturbance(before, after, cores),
  }
}

/** What others used of the machine between two samples, and what its host took, in percent. */
export function disturbance(before: Sample, after: Sample, cores = CORES): { others: number; stolen: number } {
  const used = Object.entries(after.cpuMs).reduce((sum, [name, ms]) => sum + ms - (before.cpuMs[name] ?? 0), 0)
  const machineMs = (after.atMs - before.atMs) * cores
  const busyMs = after.machine.busyMs - before.machine.busyMs
  return {
    others: (100 * Math.max(0, busyMs - used)) / machineMs,
    stolen: (100 * (after.machine.stolenMs - before.machine.stolenMs)) / machineMs,
  }
}
