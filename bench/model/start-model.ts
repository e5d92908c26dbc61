import { fileURLToPath } from 'node:url'
import type { Answer } from '@flotilla/testing/model-server'
import { temporaryFolder, type Scope } from '../scope.ts'
import { startProcess } from '../services/process.ts'

/** How the model answers every call. */
export type ModelOrder = Readonly<{ answer: Answer }>
export type ModelCalls = Readonly<{ calls: number; open: number; mostOpen: number }>
export type ModelMessage = Readonly<{ kind: 'ready'; url: string }> | Readonly<{ kind: 'calls'; calls: ModelCalls }>

export type Model = Readonly<{ url: string; pid: number; calls(): ModelCalls; ended: Promise<never> }>

const SCRIPT = fileURLToPath(new URL('model-process.ts', import.meta.url))
const PIECE = 24

/** An answer in pieces of some tokens, evenly spread over its time. */
export const answerLasting = ({ seconds, pieces }: Readonly<{ seconds: number; pieces: number }>): Answer => {
  const betweenMs = (seconds * 1000) / (pieces + 1)
  return { text: 'All is well with them. '.padEnd(PIECE, '.').repeat(pieces), firstTokenMs: betweenMs, betweenMs }
}

/** A provider that speaks over the wire, in a process of its own so that its work is not the bench's. */
export async function startModel(scope: Scope, answer: Answer): Promise<Model> {
  const ready = Promise.withResolvers<string>()
  let calls: ModelCalls = { calls: 0, open: 0, mostOpen: 0 }
  const order: ModelOrder = { answer }
  const own = await startProcess(scope, {
    name: 'model',
    command: process.execPath,
    args: [SCRIPT, JSON.stringify(order)],
    env: { PATH: process.env['PATH'] },
    folder: await temporaryFolder(scope),
    onMessage: (received) => {
      const message = received as ModelMessage
      if (message.kind === 'ready') ready.resolve(message.url)
      else ({ calls } = message)
    },
  })
  const url = await Promise.race([ready.promise, own.ended])
  return { url, pid: own.pid, calls: () => calls, ended: own.ended }
}
