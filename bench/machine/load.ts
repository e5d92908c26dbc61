import os from 'node:os'
import type { Connection } from '../services/postgres.ts'
import { cpuMsOf, familyCpuMsOf, machineLoad, type MachineLoad } from './process-figures.ts'

/** The processes that a measurement consists of, beside the one that measures. */
export type Watched = Readonly<{
  worker: number
  api?: number
  redis?: number
  /** The server's first process; its connections are children of it. */
  postgres?: number
  /** Where WAL is asked for. */
  db?: Connection
}>

export type Sample = Readonly<{
  atMs: number
  cpuMs: Readonly<Record<string, number>>
  walBytes: number | null
  machine: MachineLoad
}>

export async function takeSample({ postgres, db, ...processes }: Watched): Promise<Sample> {
  const own = process.cpuUsage()
  return {
    atMs: performance.now(),
    cpuMs: {
      ...Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, cpuMsOf(pid)])),
      ...(postgres === undefined ? {} : { postgres: familyCpuMsOf(postgres) }),
      submitter: (own.user + own.system) / 1000,
    },
    walBytes: db === undefined ? null : await walBytes(db),
    machine: machineLoad(),
  }
}

async function walBytes(db: Connection): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`,
  )
  return rows[0]?.bytes ?? Number.NaN
}

/**
 * What happened between two samples: CPU in ms and WAL in bytes per task, `cpuTotal` without the submitter, and in percent
 * of the machine what others used (`others`) and the host took (`stolen`).
 */
export function loadPerTask(before: Sample, after: Sample, tasks: number, cores = os.cpus().length) {
  const used = Object.entries(after.cpuMs).map(([name, ms]) => [name, ms - (before.cpuMs[name] ?? 0)] as const)
  const all = used.reduce((sum, [, ms]) => sum + ms, 0)
  const system = used.reduce((sum, [name, ms]) => (name === 'submitter' ? sum : sum + ms), 0)
  const machineMs = (after.atMs - before.atMs) * cores
  const busyMs = after.machine.busyMs - before.machine.busyMs
  const stolenMs = after.machine.stolenMs - before.machine.stolenMs
  return {
    ...Object.fromEntries(used.map(([name, ms]) => [`cpu.${name}`, ms / tasks])),
    'cpu.total': system / tasks,
    ...(after.walBytes === null ? {} : { wal: (after.walBytes - (before.walBytes ?? 0)) / tasks }),
    others: (100 * Math.max(0, busyMs - all)) / machineMs,
    stolen: (100 * stolenMs) / machineMs,
  }
}
