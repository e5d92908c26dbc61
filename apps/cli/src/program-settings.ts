import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '@flotilla/domain'
import type { createPriceTable, ModelSettings, UnknownPriceRule } from '@flotilla/llm'
import { ROOT, type Config, type Environment } from './config.ts'
import { childEnvironment } from './system/child-environment.ts'

/** Of what the programs read, what tells of models. */
type ProgramConfig = ModelSettings &
  Readonly<{
    FLOTILLA_FALLBACK_MODELS: readonly string[]
    FLOTILLA_PRICES: Parameters<typeof createPriceTable>[0]
    FLOTILLA_UNKNOWN_PRICE: UnknownPriceRule
  }>
type ReadConfig = (environment: Environment) => ProgramConfig

const PROGRAMS = ['worker', 'api'] as const
/** Stands in for the embedded database's address, which is known once that runs. */
const EMBEDDED = 'postgres://flotilla@127.0.0.1/flotilla'

/**
 * What the programs that `up` starts would refuse of their environment: a line for each variable that `told` does not name
 * already. Asks their own schemas, so that none of them has to be started to find out.
 */
export async function programProblems(config: Config, told: readonly string[] = []): Promise<string[]> {
  const environment = environmentOf(config)
  const byVariable = new Map<string, string>()
  for (const problem of (await Promise.all(PROGRAMS.map((program) => refusals(program, environment)))).flat()) {
    const variable = variableOf(problem)
    if (!byVariable.has(variable)) byVariable.set(variable, problem)
  }
  const known = new Set(told.map(variableOf))
  return [...byVariable].flatMap(([variable, problem]) => (known.has(variable) ? [] : [problem]))
}

const environmentOf = (config: Config): Environment => ({
  ...config.environment,
  ...childEnvironment({ ...config, databaseUrl: config.databaseUrl ?? EMBEDDED }),
  FLOTILLA_WORKER_NAME: config.workerName,
})

/** Models that would be in use and have no price of their own, and what becomes of their calls; null where the settings are refused. */
export async function unpricedModels(config: Config): Promise<Readonly<{ refused: boolean; notes: string[] }> | null> {
  const { configuredModels, createPriceTable, quotePrice } = await import('@flotilla/llm')
  try {
    const read = (await readerOf('worker'))(environmentOf(config))
    const [models, prices] = [configuredModels(read), createPriceTable(read.FLOTILLA_PRICES)]
    const named = [models.defaultModel, models.utilityModel, ...read.FLOTILLA_FALLBACK_MODELS]
    const used = named.flatMap((name) => {
      const found = models.resolve(name)
      return found.ok && !found.value.provider.simulated ? [found.value.ref] : []
    })
    const notes = [...new Set(used)].flatMap((ref) => {
      const quote = quotePrice(prices, ref, read.FLOTILLA_UNKNOWN_PRICE)
      return quote.ok ? (quote.note ?? []) : quote.failure.message
    })
    return { refused: read.FLOTILLA_UNKNOWN_PRICE === 'refuse', notes }
  } catch (error) {
    if (error instanceof ConfigurationError) return null
    throw error
  }
}

/** What the API and the workers refuse of the models once they have read them. */
async function fallbackProblems(config: ProgramConfig): Promise<string[]> {
  if (config.FLOTILLA_FALLBACK_MODELS.length === 0) return []
  const { configuredModels, resolveChain } = await import('@flotilla/llm')
  const models = configuredModels(config)
  const chain = resolveChain(models, models.defaultModel, config.FLOTILLA_FALLBACK_MODELS)
  return chain.ok && chain.value.problems.length > 0
    ? [`FLOTILLA_FALLBACK_MODELS: ${chain.value.problems.join('; ')}`]
    : []
}

async function readerOf(program: (typeof PROGRAMS)[number]): Promise<ReadConfig> {
  // By its path, as the program itself is started: no app depends on another.
  const file = path.join(ROOT, 'apps', program, 'src/config.ts')
  return ((await import(pathToFileURL(file).href)) as { readConfig: ReadConfig }).readConfig
}

async function refusals(program: (typeof PROGRAMS)[number], environment: Environment): Promise<string[]> {
  const readConfig = await readerOf(program)
  try {
    return await fallbackProblems(readConfig(environment))
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n')
    throw error
  }
}

const variableOf = (problem: string): string => /^[A-Z][A-Z_]+/.exec(problem)?.[0] ?? problem
