import { migrate } from '@flotilla/db'
import { disturbance, takeSample } from '../machine/load.ts'
import { measureOverhead, plantClaims, type Sharing } from '../money/overhead.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

type Case = Readonly<{ processes: number; atOnce: number; callMs: number; sharing: Sharing }>
const SHARING: readonly Sharing[] = ['nothing', 'a month', 'a run']
const CALL_MS = 500
const CASES: readonly Case[] = [
  { processes: 1, atOnce: 1, callMs: 0, sharing: 'a month' },
  { processes: 4, atOnce: 4, callMs: 0, sharing: 'a month' },
  { processes: 1, atOnce: 50, callMs: CALL_MS, sharing: 'a month' },
  ...SHARING.map((sharing) => ({ processes: 4, atOnce: 50, callMs: CALL_MS, sharing })),
  ...SHARING.map((sharing) => ({ processes: 4, atOnce: 50, callMs: 0, sharing })),
]

export const moneyOverhead: Figure = {
  title: 'Overhead: what gate, reservation and settlement add to a call, in ms',
  subject: ['processes', 'calls at once', 'each lasts', 'sharing'],
  columns: [
    { key: 'p50', title: 'p50' },
    { key: 'p95', title: 'p95' },
    { key: 'gate.p50', title: 'gate p50' },
    { key: 'gate.p95', title: 'gate p95' },
    { key: 'reserve.p50', title: 'reserve + settle p50' },
    { key: 'reserve.p95', title: 'reserve + settle p95' },
    { key: 'calls/s', title: 'calls/s' },
    { key: 'calls', title: 'calls' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureMoneyOverhead,
}

/** The queue plays no part in it. */
async function* measureMoneyOverhead(bench: Bench): AsyncGenerator<Measurement> {
  const { reps } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const each of CASES) {
      const { processes, atOnce, sharing } = each
      bench.say(`overhead of ${atOnce} calls at once in ${processes} processes sharing ${sharing}, ${rep} of ${reps}`)
      yield await measureOn(bench, each)
    }
}

async function measureOn({ shutdown, options }: Bench, each: Case): Promise<Measurement> {
  const { processes, atOnce, callMs, sharing } = each
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, 'embedded')
  const { databaseUrl, db, postgres } = stores
  await migrate(databaseUrl)
  const claims = await plantClaims(db, atOnce, sharing)
  const watched = { postgres: postgres.pid, db }
  const before = await takeSample(watched)
  const values = await measureOverhead({ scope, databaseUrl, claims, processes, callMs, seconds: options.seconds })
  const disturbed = disturbance(before, await takeSample(watched))
  return { subject: [String(processes), String(atOnce), `${callMs} ms`, sharing], values: { ...values, ...disturbed } }
}
