import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../../scripts/checkout.mjs'
import { environmentOf } from './environment.ts'
import { ofKind, own, podOf, titleOf, type KubeObject } from './objects.ts'

/** How many runs a process plans, or learns from, at a time. */
const RUN_CONCURRENCY = Number(
  /const RUN_CONCURRENCY = (\d+)/.exec(
    readFileSync(path.join(root, 'packages/engine/src/worker-engine.ts'), 'utf8'),
  )?.[1],
)

/** The pool that a worker of these roles serves, as the scaling endpoint calls it. */
function poolOf(roles: string): string | undefined {
  if (roles === 'agent:*') return 'agents'
  if (/^agent:[a-z][a-z0-9-]*$/.test(roles)) return roles
  return { planner: 'plan', verifier: 'verify', learner: 'learn' }[roles]
}

/** Scalers that ask for another pool than theirs, where nobody answers, or for another number of tasks than a pod takes. */
export const scalerProblems = (objects: readonly KubeObject[]): string[] =>
  ofKind(objects, 'ScaledObject').flatMap((scaler) =>
    (scaler.spec?.triggers ?? [])
      .flatMap((trigger) => triggerProblems(scaler, trigger, objects))
      .map((problem) => `${titleOf(scaler)}: ${problem}`),
  )

type Trigger = Readonly<{ type: string; metadata: Readonly<Record<string, string>> }>

function triggerProblems(scaler: KubeObject, { type, metadata }: Trigger, objects: readonly KubeObject[]): string[] {
  const target = ofKind(objects, 'Deployment').find((o) => o.metadata.name === scaler.spec?.scaleTargetRef?.name)
  const container = target && podOf(target).containers[0]
  if (container === undefined) return ['no container to scale']
  const environment = environmentOf(container, objects)
  const pool = poolOf(environment['FLOTILLA_ROLES'] ?? '')
  const expected = `/internal/scaling/${pool}`
  const url = new URL(metadata['url'] ?? '')
  const tasks = pool === 'plan' || pool === 'learn' ? RUN_CONCURRENCY : Number(environment['FLOTILLA_CONCURRENCY'])
  return [
    ...(type === 'metrics-api' && metadata['valueLocation'] === 'value' ? [] : ['does not ask the API for a value']),
    ...(url.pathname === expected ? [] : [`asks for ${url.pathname}; expected ${expected}`]),
    ...(isService(url, objects) ? [] : [`${url.host} is no Service of ours`]),
    ...(Number(metadata['targetValue']) === aim(tasks)
      ? []
      : [`aims at ${metadata['targetValue']} a pod; expected ${aim(tasks)}, since one takes ${tasks}`]),
  ]
}

/** Kubernetes lets a pool be a tenth over its target, which has to be work that its pods still take. */
const aim = (tasks: number): number => Math.floor(0.9 * tasks)

const isService = (url: URL, objects: readonly KubeObject[]): boolean =>
  ofKind(objects, 'Service').some(
    ({ metadata, spec }) =>
      url.hostname === `${metadata.name}.${metadata.namespace}.svc` &&
      (spec?.ports ?? []).some(({ port }) => String(port) === url.port),
  )

/** Of a worker, engine and requests of its own; of an API, as FLOTILLA_DB_POOL says. On Redis, which needs none. */
const WORKER_CONNECTIONS = connectionsOf('ENGINE_POOL') + connectionsOf('APP_POOL')
const API_CONNECTIONS = 10

function connectionsOf(pool: string): number {
  const text = readFileSync(path.join(root, 'apps/worker/src/start-worker.ts'), 'utf8')
  return Number(new RegExp(`const ${pool} = (\\d+)`).exec(text)?.[1])
}

/** Connections to the database when every pool has grown to its largest and a new version rolls out. */
export function mostConnections(objects: readonly KubeObject[]): number {
  const scalers = [...ofKind(objects, 'ScaledObject'), ...ofKind(objects, 'HorizontalPodAutoscaler')]
  const deployments = own(objects).filter(({ kind }) => kind === 'Deployment')
  return deployments.reduce((sum, { metadata, spec }) => {
    const scaler = scalers.find((s) => s.spec?.scaleTargetRef?.name === metadata.name)?.spec
    const pods = scaler?.maxReplicaCount ?? scaler?.maxReplicas ?? spec?.replicas ?? 1
    const surge = spec?.strategy?.rollingUpdate?.maxSurge ?? 0
    const more = typeof surge === 'number' ? surge : Math.ceil((pods * Number.parseFloat(surge)) / 100)
    return sum + (pods + more) * (metadata.name === 'flotilla-api' ? API_CONNECTIONS : WORKER_CONNECTIONS)
  }, 0)
}
