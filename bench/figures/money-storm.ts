import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { watchLanes } from '../money/lane-closings.ts'
import { MODEL, modelRef, providerSettings, startProvider } from '../money/provider.ts'
import { createRefusals, figuresOf, runStorm } from '../money/storm.ts'
import { waitsOf } from '../money/waits.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const WORKERS = 4
const CONCURRENCY = 10
/** Per minute: ten calls a second, by either. A call takes about 900 tokens. */
const LIMITS = { requests: 600, tokens: 540_000 } as const
type Meter = keyof typeof LIMITS
const METERS: readonly Meter[] = ['requests', 'tokens']
const KNOWN = ['from configuration', 'from headers'] as const
type Known = (typeof KNOWN)[number]
/** Seconds before the window begins, and what is left over. */
const BEFORE_SECONDS = 25

export const moneyStorm: Figure = {
  title: `Storm: ${WORKERS} workers with more calls than the provider takes, which refuses all of them for a moment`,
  subject: ['limit', 'known', 'queue'],
  columns: [
    { key: 'share', title: 'quota used %' },
    { key: 'refusedAgain', title: 'later 429s' },
    { key: 'onClosed', title: 'calls on a closed lane' },
    { key: 'lateMs', title: 'how late ms' },
    { key: 'refused', title: '429s' },
    { key: 'sinceFirst', title: 'used since the 1st 429 %' },
    { key: 'closings', title: 'closings' },
    { key: 'calls', title: 'calls' },
    { key: 'waits', title: 'waits' },
    { key: 'retried', title: 'tasks with a 2nd try' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureStorm,
}

async function* measureStorm(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends)
      for (const meter of METERS)
        for (const known of KNOWN) {
          bench.say(`a storm on ${meter} known ${known} on ${backend}, repetition ${rep} of ${reps}`)
          yield await measureOn(bench, backend, meter, known)
        }
}

async function measureOn(
  { shutdown, settings, options }: Bench,
  backend: Backend,
  meter: Meter,
  known: Known,
): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const limits = { [meter]: LIMITS[meter] }
  const server = await startProvider(scope, { limits, rules: [createRefusals(Date.now)] })
  const system = await startFlotilla(scope, {
    ...stores,
    model: modelRef(MODEL),
    settings: {
      ...settings,
      ...providerSettings(server),
      FLOTILLA_CONCURRENCY: String(CONCURRENCY),
      FLOTILLA_RATE_LIMITS: JSON.stringify(known === 'from configuration' ? { [modelRef(MODEL)]: limits } : {}),
    },
    profile: null,
    workers: WORKERS,
  })
  await watchLanes(stores.db)
  const before = await takeSample(watchedOf(stores, system))
  const seen = await runStorm({
    system,
    server,
    db: stores.db,
    signal: scope.signal,
    windowMs: options.windowSeconds * 1000,
    tasks: ((options.windowSeconds + BEFORE_SECONDS) * LIMITS.requests) / 60,
  })
  const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
  const { lane: waits, retried } = await waitsOf(stores.db)
  const figures = { ...figuresOf(seen, limits), calls: seen.entries.length, waits, retried }
  return { subject: [meter, known, backend], values: { ...figures, ...disturbed } }
}
