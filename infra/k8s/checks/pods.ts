import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../../scripts/checkout.mjs'
import { WORKER_PATHS } from '../../metrics-contract.ts'
import { environmentOf } from './environment.ts'
import { own, podOf, titleOf, workloads, type Container, type KubeObject, type PodSpec, type Probe } from './objects.ts'

/** What a process takes beyond its drain time to hand back, close and end (apps/worker/src/main.ts, and engine/src/worker-engine.ts). */
const WORKER_END_SECONDS = 15
/** The API drains for at most 5 s and closes in 2 more (apps/api/src/main.ts). */
const API_DRAIN_SECONDS = 7

const healthRoutes = readFileSync(path.join(root, 'apps/api/src/routes/health.ts'), 'utf8')
const answers = (container: Container, url: string): boolean =>
  container.name === 'worker' ? WORKER_PATHS.includes(url) : healthRoutes.includes(`.get('${url}'`)

/** Probes that nothing answers, and pods that would be killed while they drain. */
export const lifeProblems = (objects: readonly KubeObject[]): string[] =>
  own(objects)
    .filter(({ kind }) => kind !== 'Job')
    .flatMap((workload) => {
      const pod = podOf(workload)
      const problems = pod.containers.flatMap((container) => [
        ...probeProblems(container, objects),
        ...graceProblems(container, pod, objects),
      ])
      return problems.map((problem) => `${titleOf(workload)}: ${problem}`)
    })

function probeProblems(container: Container, objects: readonly KubeObject[]): string[] {
  const { startupProbe, livenessProbe, readinessProbe } = container
  const environment = environmentOf(container, objects)
  const listens = Number(environment[container.name === 'worker' ? 'FLOTILLA_METRICS_PORT' : 'FLOTILLA_PORT'])
  const problems = (probe: Probe | undefined, what: string): string[] => {
    if (probe?.httpGet === undefined) return [`no ${what} by HTTP`]
    const { path: url, port } = probe.httpGet
    const found = (container.ports ?? []).find((p) => p.name === port || p.containerPort === port)
    return [
      ...(answers(container, url) ? [] : [`${what}: nothing answers ${url}`]),
      ...(found === undefined ? [`${what}: no port ${port}`] : []),
      ...(found !== undefined && found.containerPort !== listens
        ? [`${what}: port ${found.containerPort}, but the process listens on ${listens}`]
        : []),
    ]
  }
  return [
    ...problems(startupProbe, 'startup probe'),
    ...problems(livenessProbe, 'liveness probe'),
    ...problems(readinessProbe, 'readiness probe'),
    ...(livenessProbe?.httpGet?.path === readinessProbe?.httpGet?.path ? ['liveness asks what readiness asks'] : []),
  ]
}

function graceProblems(container: Container, pod: PodSpec, objects: readonly KubeObject[]): string[] {
  const drain = Number(environmentOf(container, objects)['FLOTILLA_DRAIN_SECONDS'] ?? '10')
  const before = container.lifecycle?.preStop?.sleep?.seconds ?? 0
  const needed = before + (container.name === 'worker' ? drain + WORKER_END_SECONDS : API_DRAIN_SECONDS)
  const given = pod.terminationGracePeriodSeconds ?? 30
  return given >= needed ? [] : [`is killed after ${given} s; expected at least ${needed} s to drain in`]
}

/** What the pod security standard "restricted" asks for, and what we ask for beyond it, of every pod. */
export const securityProblems = (objects: readonly KubeObject[]): string[] =>
  workloads(objects).flatMap((workload) => {
    const pod = podOf(workload)
    const problems = [...podProblems(pod), ...pod.containers.flatMap(containerProblems)]
    return problems.map((problem) => `${titleOf(workload)}: ${problem}`)
  })

function podProblems({ automountServiceAccountToken, enableServiceLinks, securityContext }: PodSpec): string[] {
  return [
    ...(automountServiceAccountToken === false ? [] : ['gets a token of the Kubernetes API']),
    // FLOTILLA_API_PORT=tcp://… of a Service would pass for a setting.
    ...(enableServiceLinks === false ? [] : ['gets variables of every Service']),
    ...(securityContext?.runAsNonRoot === true && securityContext.runAsUser !== 0 ? [] : ['may run as root']),
    ...(securityContext?.seccompProfile?.type === 'RuntimeDefault' ? [] : ['has no seccomp profile']),
  ]
}

function containerProblems({ securityContext, resources, image }: Container): string[] {
  const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = securityContext ?? {}
  return [
    ...(allowPrivilegeEscalation === false ? [] : ['may escalate its privileges']),
    ...(readOnlyRootFilesystem === true ? [] : ['may write to its root filesystem']),
    ...(capabilities?.drop?.includes('ALL') && capabilities.add === undefined ? [] : ['keeps capabilities']),
    ...(resources?.requests?.['cpu'] && resources.requests['memory'] ? [] : ['requests no CPU or no memory']),
    ...(resources?.limits?.['memory'] ? [] : ['has no limit of memory']),
    ...(image.endsWith(':latest') ? [`runs ${image}, which can be anything`] : []),
  ]
}
