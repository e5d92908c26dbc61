import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '@flotilla/domain'
import { ROOT, type Config, type Environment } from './config.ts'
import { childEnvironment } from './system/child-environment.ts'

type ReadConfig = (environment: Environment) => unknown

const PROGRAMS = ['worker', 'api'] as const
/** Stands in for the embedded database's address, which is known once that runs. */
const EMBEDDED = 'postgres://flotilla@127.0.0.1/flotilla'

/**
 * What the programs that `up` starts would refuse of their environment: a line for each variable that `told` does not name
 * already. Asks their own schemas, so that none of them has to be started to find out.
 */
export async function programProblems(config: Config, told: readonly string[] = []): Promise<string[]> {
  const environment = {
    ...config.environment,
    ...childEnvironment({ ...config, databaseUrl: config.databaseUrl ?? EMBEDDED }),
    FLOTILLA_WORKER_NAME: config.workerName,
  }
  const byVariable = new Map<string, string>()
  for (const problem of (await Promise.all(PROGRAMS.map((program) => refusals(program, environment)))).flat()) {
    const variable = variableOf(problem)
    if (!byVariable.has(variable)) byVariable.set(variable, problem)
  }
  const known = new Set(told.map(variableOf))
  return [...byVariable].flatMap(([variable, problem]) => (known.has(variable) ? [] : [problem]))
}

async function refusals(program: (typeof PROGRAMS)[number], environment: Environment): Promise<string[]> {
  // By its path, as the program itself is started: no app depends on another.
  const file = path.join(ROOT, 'apps', program, 'src/config.ts')
  const { readConfig } = (await import(pathToFileURL(file).href)) as { readConfig: ReadConfig }
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n')
    throw error
  }
}

const variableOf = (problem: string): string => /^[A-Z][A-Z_]+/.exec(problem)?.[0] ?? problem
