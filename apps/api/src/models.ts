import { randomUUID } from 'node:crypto'
import { settingsByPurpose, timeoutsOf } from '@flotilla/agents'
import { ConfigurationError } from '@flotilla/domain'
import { createRecordGate, type RequestAnalysisDeps } from '@flotilla/engine'
import {
  configuredModels,
  createCircuits,
  createPriceTable,
  DEFAULT_RETRY,
  readLaneLimits,
  resolveChain,
  type ModelRegistry,
} from '@flotilla/llm'
import type { Clock } from '@flotilla/runtime'
import type pg from 'pg'
import type { Config } from './config.ts'

export type ConfiguredModels = Pick<
  RequestAnalysisDeps,
  'models' | 'fallbackModels' | 'prices' | 'unknownPrice' | 'callRetry' | 'callTimeouts' | 'callSettings'
> &
  Readonly<{ limitsOf: ReturnType<typeof readLaneLimits> }>

/** The models that analyse requests, and what they cost. Throws a ConfigurationError that names all that is wrong. */
export function openModels(config: Config): ConfiguredModels {
  const models = configuredModels(config)
  const fallbackModels = config.FLOTILLA_FALLBACK_MODELS
  const problems = [...models.problems(), ...fallbackProblems(models, fallbackModels)]
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return {
    models,
    fallbackModels,
    prices: createPriceTable(config.FLOTILLA_PRICES),
    unknownPrice: config.FLOTILLA_UNKNOWN_PRICE,
    limitsOf: readLaneLimits(config.FLOTILLA_RATE_LIMITS),
    callRetry: { ...DEFAULT_RETRY, retries: config.FLOTILLA_CALL_RETRIES },
    callTimeouts: timeoutsOf(config.FLOTILLA_CALL_TIMEOUTS),
    callSettings: settingsByPurpose(config.FLOTILLA_CALL_SETTINGS),
  }
}

function fallbackProblems(models: ModelRegistry, fallbackModels: readonly string[]): string[] {
  const chain = resolveChain(models, models.defaultModel, fallbackModels)
  return chain.ok ? chain.value.problems.map((problem) => `FLOTILLA_FALLBACK_MODELS: ${problem}`) : []
}

/** What analyses requests: its calls pass the fleet's rate gate, and are on the account of the workspace's month. */
export function analysisDeps(
  models: ConfiguredModels,
  { pool, clock }: Readonly<{ pool: pg.Pool; clock: Clock }>,
): Omit<RequestAnalysisDeps, 'db' | 'tools'> & Pick<ConfiguredModels, 'limitsOf'> {
  return {
    ...models,
    gate: createRecordGate({ pool, configOf: models.limitsOf }),
    circuits: createCircuits({ now: () => clock.now().getTime() }),
    now: () => clock.now(),
    random: Math.random,
    callKey: randomUUID,
  }
}
