import { readdirSync, readFileSync } from 'node:fs'

/** `sysconf(_SC_CLK_TCK)`, 100 on every Linux. */
const TICK_MS = 10

/** `reaped`: CPU of children that have ended and were waited for. */
export type ProcessStat = Readonly<{ parent: number; cpuMs: number; reapedCpuMs: number }>

/** Reads `/proc/<pid>/stat`. The name in parentheses may hold anything, so fields count from the last parenthesis. */
export function parseProcessStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = (n: number): number => Number(fields[n]) * TICK_MS
  return { parent: Number(fields[1]), cpuMs: ticks(11) + ticks(12), reapedCpuMs: ticks(13) + ticks(14) }
}

const read = (pid: number | string): ProcessStat => parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** CPU of a process and its threads so far. */
export const cpuMsOf = (pid: number): number => read(pid).cpuMs

/** CPU of its children that have ended, with theirs. */
export const reapedCpuMsOf = (pid: number): number => read(pid).reapedCpuMs

/** CPU of a process and its children, those that have ended included: a database with a process per connection. */
export function familyCpuMsOf(pid: number): number {
  const parent = read(pid)
  let sum = parent.cpuMs + parent.reapedCpuMs
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const child = readUnlessGone(name)
    if (child?.parent === pid) sum += child.cpuMs + child.reapedCpuMs
  }
  return sum
}

function readUnlessGone(name: string): ProcessStat | null {
  try {
    return read(name)
  } catch {
    return null
  }
}

/** Resident memory in MB (2^20): now, and at its highest. */
export type Memory = Readonly<{ nowMb: number; peakMb: number }>

export const memoryOf = (pid: number): Memory => parseMemory(readFileSync(`/proc/${pid}/status`, 'utf8'))

export function parseMemory(status: string): Memory {
  const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { nowMb: mb('VmRSS'), peakMb: mb('VmHWM') }
}

/** CPU that the whole machine has spent, and what its host took of it. */
export type MachineLoad = Readonly<{ busyMs: number; stolenMs: number }>

export const machineLoad = (): MachineLoad => parseMachineLoad(readFileSync('/proc/stat', 'utf8'))

export function parseMachineLoad(text: string): MachineLoad {
  const [user = 0, nice = 0, system = 0, _idle, _iowait, irq = 0, softirq = 0, steal = 0] =
    text.split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? []
  return { busyMs: (user + nice + system + irq + softirq) * TICK_MS, stolenMs: steal * TICK_MS }
}
