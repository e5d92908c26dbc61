import { fileURLToPath } from 'node:url'
import { temporaryFolder, type Scope } from '../scope.ts'
import { startProcess } from '../services/process.ts'
import type { LoadMessage, LoadOrder } from './order.ts'

export type LoadDone = Extract<LoadMessage, { kind: 'done' }>
export type Load = Readonly<{ pid: number; open: Promise<void>; done: Promise<LoadDone> }>

const SCRIPT = fileURLToPath(new URL('load-process.ts', import.meta.url))

/** A process of its own that loads the API, so that its work is not the bench's. */
export async function startLoad(scope: Scope, order: LoadOrder): Promise<Load> {
  const open = Promise.withResolvers<void>()
  const done = Promise.withResolvers<LoadDone>()
  const fail = (error: unknown): void => {
    open.reject(error)
    done.reject(error)
  }
  open.promise.catch(() => {}) // Whoever waits for one of them hears of it.
  done.promise.catch(() => {})
  const own = await startProcess(scope, {
    name: `load-${order.kind}`,
    command: process.execPath,
    args: [SCRIPT, JSON.stringify(order)],
    env: { PATH: process.env['PATH'] },
    folder: await temporaryFolder(scope),
    onMessage: (received) => {
      const message = received as LoadMessage
      if (message.kind === 'open') open.resolve()
      else if (message.kind === 'done') done.resolve(message)
      else fail(new Error(`load-${order.kind}: ${message.message}`))
    },
  })
  own.ended.catch(fail)
  return { pid: own.pid, open: open.promise, done: done.promise }
}
