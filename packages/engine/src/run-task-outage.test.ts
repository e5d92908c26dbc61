import { createDb, createPool, type ClaimedTask } from '@flotilla/db'
import {
  countTokens,
  createCircuits,
  createMemoryGate,
  createModelRegistry,
  createNoopProvider,
  createPriceTable,
  DEFAULT_RETRY,
} from '@flotilla/llm'
import { createLocalHints } from '@flotilla/queue'
import { createLogger, freePort } from '@flotilla/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { HeldClaims } from './held-claims.ts'
import { createAdmissions } from './money/admissions.ts'
import { createTaskRecords } from './task-records.ts'
import type { RunDeps } from './run-deps.ts'
import { runTask } from './run-task.ts'
import { claimed } from './task-refs.test-support.ts'

const task: ClaimedTask = { ...claimed(0), fence: 4, attempt: 3, kind: 'retry', tries: 3 }

/** On a record where nothing listens. */
async function depsWithoutRecord(): Promise<RunDeps> {
  const url = `postgres://nobody@127.0.0.1:${await freePort()}/nothing`
  const pool = createPool({ url, role: 'engine', max: 2, applicationName: 'test', onError: () => {} })
  onTestFinished(() => pool.end())
  const knowledge = {
    index: () => Promise.resolve(),
    search: () => () => Promise.resolve([]),
    read: () => () => Promise.resolve(null),
    media: () => () => Promise.resolve(null),
  }
  return {
    pool,
    db: createDb(pool),
    models: createModelRegistry({ offline: createNoopProvider() }),
    prices: createPriceTable({}),
    unknownPrice: 'most_expensive',
    fallbackModels: [],
    gate: createMemoryGate({ now: Date.now }),
    circuits: createCircuits({ now: Date.now, config: { strikes: 1_000_000 } }),
    callRetry: { ...DEFAULT_RETRY, retries: 0 },
    admit: createAdmissions(pool),
    readTask: createTaskRecords(pool),
    knowledge,
    hints: createLocalHints(),
    log: createLogger({ name: 'test', level: 'silent' }),
    worker: 'w1',
    leaseMs: 60_000,
    now: () => new Date(0),
    random: () => 0.5,
    randomBytes: (n) => new Uint8Array(n),
    countTokens,
    contextTokens: 24_000,
    tools: [],
    approvalMs: 3_600_000,
    retryBaseMs: 1_000,
  }
}

test('a task whose record is away is handed back after a rest, its last try or not', async () => {
  const deps = await depsWithoutRecord()
  const stop = new HeldClaims().hold(task)
  const settled = await runTask(deps, task, stop)
  expect(settled).toMatchObject({ verb: 'release', fence: 4, judged: false, data: { kind: 'retry' } })
  expect(settled.delayMs).toBeGreaterThan(0)
  expect(await runTask(deps, { ...task, judge: true }, stop)).toMatchObject({ verb: 'release', judged: true })
})
