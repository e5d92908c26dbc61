import path from 'node:path'
import { root } from '../../../scripts/checkout.mjs'
import { ofKind, own, podOf, titleOf, type Container, type KubeObject } from './objects.ts'

type Environment = Readonly<Record<string, string>>

interface Program {
  readonly name: string
  readonly keys: readonly string[]
  /** Throws what is wrong with it. */
  readonly accept: (environment: Environment) => unknown
}

interface ConfigModule {
  readonly ENV_KEYS: readonly string[]
  readonly readConfig?: (environment: Environment) => unknown
  readonly parseConfig?: (environment: Environment, cwd: string) => Readonly<{ problems: readonly string[] }>
}

/** A path that is put together, since the checkout's root may not import an app's files. */
async function programOf(file: string): Promise<Program> {
  const name = /^apps\/(\w+)\/src\/main\.ts$/.exec(file)?.[1]
  if (name === undefined) throw new Error(`a container runs ${file}; expected apps/<app>/src/main.ts`)
  const config = (await import(path.join(root, 'apps', name, 'src/config.ts'))) as ConfigModule
  const accept = (environment: Environment): unknown => {
    if (config.readConfig) return config.readConfig(environment)
    const { problems = [] } = config.parseConfig?.(environment, root) ?? {}
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return undefined
  }
  return { name, keys: config.ENV_KEYS, accept }
}

/** What a container's program does not know of its environment, and what it would refuse to start with. */
export async function environmentProblems(objects: readonly KubeObject[]): Promise<string[]> {
  const told = await Promise.all(
    own(objects).flatMap((workload) =>
      podOf(workload).containers.map(async (container) => {
        const program = await programOf(container.command?.[1] ?? '')
        return problemsOf(container, program, objects).map((problem) => `${titleOf(workload)}: ${problem}`)
      }),
    ),
  )
  const used = await Promise.all(['api', 'worker', 'cli'].map((app) => programOf(`apps/${app}/src/main.ts`)))
  const known = new Set(used.flatMap(({ keys }) => keys))
  const shared = ofKind(objects, 'ConfigMap').flatMap(({ data = {} }) => Object.keys(data))
  return [...told.flat(), ...shared.filter((key) => !known.has(key)).map((key) => `ConfigMap: nothing reads ${key}`)]
}

function problemsOf(container: Container, program: Program, objects: readonly KubeObject[]): string[] {
  const unknown = (container.env ?? [])
    .filter(({ name }) => !program.keys.includes(name))
    .map(({ name }) => `the ${program.name} does not know ${name}`)
  try {
    program.accept(environmentOf(container, objects))
    return unknown
  } catch (error) {
    return [...unknown, error instanceof Error ? error.message : String(error)]
  }
}

/** Examples of what comes from outside the manifests. */
const GIVEN: Environment = {
  DATABASE_URL: 'postgres://flotilla:secret@database.example.com:5432/flotilla',
  REDIS_URL: 'redis://redis.example.com:6379',
  ANTHROPIC_API_KEY: 'key',
  OPENAI_API_KEY: 'key',
  FLOTILLA_WORKER_NAME: 'flotilla-agents-6d5f8-x2x9p',
}

/** As the process gets it; a name that is set itself wins over one of a whole ConfigMap. */
export function environmentOf(container: Container, objects: readonly KubeObject[]): Environment {
  const maps = (container.envFrom ?? []).map(({ configMapRef }) =>
    ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef?.name),
  )
  const single = (container.env ?? []).map(({ name, value }) => [name, value ?? GIVEN[name] ?? ''] as const)
  return Object.assign({}, ...maps.map((map) => map?.data ?? {}), Object.fromEntries(single)) as Environment
}
