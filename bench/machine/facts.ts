import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import os from 'node:os'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a figure is worth nothing without. */
export type Facts = Readonly<{
  at: string
  command: string
  commit: string
  machine: string
  versions: Readonly<Record<string, string>>
  /** Settings of the environment that the measured processes got. */
  settings: Readonly<Record<string, string>>
}>

/** `peers`: their versions by package. */
export function readFacts(args: readonly string[], settings: Readonly<Record<string, string>>, peers = {}): Facts {
  const cpu = os.cpus()
  return {
    at: new Date().toISOString(),
    command: ['npm run --silent bench --', ...args].join(' '),
    commit: run('git', ['-C', ROOT, 'describe', '--always', '--dirty', '--abbrev=10']),
    machine: `${cpu.length} cores (${cpu[0]?.model ?? 'unknown'}), ${Math.round(os.totalmem() / 2 ** 30)} GB of memory, ${os.type()} ${os.release()}`,
    versions: { node: process.versions.node, bullmq: bullmqVersion(), redis: redisVersion() ?? 'not there', ...peers },
    settings,
  }
}

function bullmqVersion(): string {
  const manifest = new URL('../../package.json', import.meta.resolve('bullmq'))
  return versionIn(manifest) ?? versionIn(new URL('../package.json', manifest)) ?? 'unknown'
}

function versionIn(manifest: URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** Of the `redis-server` on PATH; null: there is none. */
export const redisVersion = (): string | null => /v=([\d.]+)/.exec(run('redis-server', ['--version']))?.[1] ?? null

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}
