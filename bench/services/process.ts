import { close, open } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { createLogger, superviseProcess, type ProcessExit } from '@flotilla/runtime'
import type { Scope } from '../scope.ts'

export type ProcessSettings = Readonly<{
  name: string
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Its output goes to a file there. */
  folder: string
  onMessage?: (message: unknown) => void
}>

export interface OwnProcess {
  readonly name: string
  readonly pid: number
  /** What it has written so far. */
  output(): Promise<string>
  /** Tells it something over its IPC channel. */
  send(message: object): void
  /** Never resolves: rejects when the process has ended without having been asked to. */
  readonly ended: Promise<never>
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>
}

const GRACE_MS = 15_000

/** A process that lives as long as the scope. */
export async function startProcess(scope: Scope, settings: ProcessSettings): Promise<OwnProcess> {
  const { name, command, args, env, folder, onMessage } = settings
  const logFile = path.join(folder, `${name}.log`)
  const outputFd = await promisify(open)(logFile, 'a')
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {}) // Whoever waits for the process hears of it.
  const output = (): Promise<string> => readFile(logFile, 'utf8')
  const onExit = async (exit: ProcessExit): Promise<void> => {
    const how = exit.error?.message ?? `exit ${exit.code ?? exit.signal}`
    ended.reject(new Error(`the ${name} process ended by itself (${how}):\n${(await output()).slice(-2_000)}`))
  }
  let stopping = false
  const supervised = superviseProcess({
    name,
    command,
    args,
    env,
    cwd: folder,
    outputFd,
    log: createLogger({ level: 'silent', name: 'bench' }),
    restart: 'never',
    backoffMs: { min: 1, max: 1 },
    onExit: (exit) => void (stopping || onExit(exit)),
    ...(onMessage === undefined ? {} : { onMessage }),
  })
  const stop = (): Promise<void> => {
    stopping = true
    return supervised.stop(GRACE_MS)
  }
  scope.add(name, stop)
  await promisify(close)(outputFd)
  return {
    name,
    pid: supervised.pid ?? 0,
    output,
    send: (message) => supervised.send(message),
    ended: ended.promise,
    stop,
  }
}
