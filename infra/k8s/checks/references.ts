import {
  ofKind,
  own,
  podLabels,
  podOf,
  selects,
  titleOf,
  workloads,
  type Container,
  type KubeObject,
} from './objects.ts'

/** Secrets that whoever installs makes by hand, with their keys. */
export type GivenSecrets = Readonly<Record<string, readonly string[]>>

/** What an object names and nothing provides. */
export function referenceProblems(objects: readonly KubeObject[], given: GivenSecrets): string[] {
  return [
    ...workloads(objects).flatMap((workload) => workloadProblems(workload, objects, given)),
    ...ofKind(objects, 'PodDisruptionBudget').flatMap((budget) => budgetProblems(budget, objects)),
    ...ofKind(objects, 'Service').flatMap((service) => serviceProblems(service, objects)),
    ...['ScaledObject', 'HorizontalPodAutoscaler'].flatMap((kind) =>
      ofKind(objects, kind).flatMap((scaler) => targetProblems(scaler, objects)),
    ),
  ]
}

function workloadProblems(workload: KubeObject, objects: readonly KubeObject[], given: GivenSecrets): string[] {
  const pod = podOf(workload)
  const account = pod.serviceAccountName
  const { selector } = workload.spec ?? {}
  const volumes = (pod.volumes ?? []).map(({ name }) => name)
  return [
    ...(account !== undefined && !has(objects, 'ServiceAccount', account) ? [`no ServiceAccount ${account}`] : []),
    ...(selector !== undefined && !selects(selector, podLabels(workload)) ? ['does not select its own pods'] : []),
    ...(pod.topologySpreadConstraints ?? [])
      .filter(({ labelSelector = {} }) => othersSelected(labelSelector, workload, objects))
      .map(() => 'spreads with pods that are not its own'),
    ...pod.containers.flatMap((container) => [
      ...settingsMissing(container, objects, given),
      ...mountsMissing(container, [...volumes, ...claims(workload)]),
    ]),
  ].map((problem) => `${titleOf(workload)}: ${problem}`)
}

const has = (objects: readonly KubeObject[], kind: string, name: string): boolean =>
  ofKind(objects, kind).some(({ metadata }) => metadata.name === name)

const claims = ({ spec }: KubeObject): string[] =>
  ((spec as { volumeClaimTemplates?: KubeObject[] }).volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)

const othersSelected = (selector: object, workload: KubeObject, objects: readonly KubeObject[]): boolean => {
  const selected = workloads(objects).filter((other) => selects(selector, podLabels(other)))
  return selected.length !== 1 || selected[0] !== workload
}

function settingsMissing(container: Container, objects: readonly KubeObject[], given: GivenSecrets): string[] {
  const secrets = new Map([
    ...Object.entries(given),
    ...ofKind(objects, 'Secret').map((secret): [string, string[]] => [
      secret.metadata.name,
      Object.keys(secret.data ?? {}),
    ]),
  ])
  const whole = (container.envFrom ?? []).flatMap(({ configMapRef, secretRef }) => [
    ...(configMapRef && !has(objects, 'ConfigMap', configMapRef.name) ? [`no ConfigMap ${configMapRef.name}`] : []),
    ...(secretRef && !secrets.has(secretRef.name) ? [`no Secret ${secretRef.name}`] : []),
  ])
  const single = (container.env ?? []).flatMap(({ valueFrom }) => {
    const secret = valueFrom?.secretKeyRef
    if (secret === undefined || secret.optional === true) return []
    return secrets.get(secret.name)?.includes(secret.key) ? [] : [`no Secret ${secret.name} with ${secret.key}`]
  })
  return [...whole, ...single]
}

const mountsMissing = (container: Container, volumes: readonly string[]): string[] =>
  (container.volumeMounts ?? []).filter(({ name }) => !volumes.includes(name)).map(({ name }) => `no volume ${name}`)

/** A budget that covers two workloads lets one take the other's share. */
function budgetProblems(budget: KubeObject, objects: readonly KubeObject[]): string[] {
  const covered = workloads(objects).filter((workload) => selects(budget.spec?.selector ?? {}, podLabels(workload)))
  const names = covered.map(({ metadata }) => metadata.name)
  return names.length === 1 ? [] : [`${titleOf(budget)} covers ${names.join(', ') || 'nothing'}; expected one workload`]
}

function serviceProblems(service: KubeObject, objects: readonly KubeObject[]): string[] {
  const labels = service.spec?.selector ?? {}
  const targets = workloads(objects).filter((workload) => selects({ matchLabels: labels }, podLabels(workload)))
  if (targets.length !== 1) return [`${titleOf(service)} selects ${targets.length} workloads; expected one`]
  const ports = targets.flatMap((target) => podOf(target).containers.flatMap((container) => container.ports ?? []))
  return (service.spec?.ports ?? [])
    .filter(
      ({ port, targetPort = port }) => !ports.some((p) => p.name === targetPort || p.containerPort === targetPort),
    )
    .map(({ targetPort }) => `${titleOf(service)}: its pods have no port ${targetPort}`)
}

function targetProblems(scaler: KubeObject, objects: readonly KubeObject[]): string[] {
  const { name = '', kind = 'Deployment' } = scaler.spec?.scaleTargetRef ?? {}
  const target = ofKind(objects, kind).find(({ metadata }) => metadata.name === name)
  if (target === undefined) return [`${titleOf(scaler)}: no ${kind} ${name}`]
  return target.spec?.replicas === undefined ? [] : [`${titleOf(scaler)}: ${name} sets replicas too, at every apply`]
}

/** Each of our workloads that lasts has a budget; without one, a drained cluster may lose all its pods at once. */
export const unprotected = (objects: readonly KubeObject[]): string[] =>
  own(objects)
    .filter(({ kind }) => kind !== 'Job')
    .filter((workload) => {
      const budgets = ofKind(objects, 'PodDisruptionBudget')
      return !budgets.some(({ spec }) => selects(spec?.selector ?? {}, podLabels(workload)))
    })
    .map(titleOf)
