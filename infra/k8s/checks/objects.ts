import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { root } from '../../../scripts/checkout.mjs'

export type Labels = Readonly<Record<string, string>>

export interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly Readonly<{ key: string; operator: string; values?: readonly string[] }>[]
}

interface KeyReference {
  readonly name: string
  readonly key: string
  readonly optional?: boolean
}

export interface EnvironmentEntry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: Readonly<{
    secretKeyRef?: KeyReference
    configMapKeyRef?: KeyReference
    fieldRef?: Readonly<{ fieldPath: string }>
  }>
}

export interface Probe {
  readonly httpGet?: Readonly<{ path: string; port: string | number }>
  readonly exec?: Readonly<{ command: readonly string[] }>
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly allowPrivilegeEscalation?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly capabilities?: Readonly<{ drop?: readonly string[]; add?: readonly string[] }>
  readonly seccompProfile?: Readonly<{ type: string }>
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly env?: readonly EnvironmentEntry[]
  readonly envFrom?: readonly Readonly<{
    configMapRef?: Readonly<{ name: string }>
    secretRef?: Readonly<{ name: string }>
  }>[]
  readonly ports?: readonly Readonly<{ name: string; containerPort: number }>[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: Readonly<{ preStop?: Readonly<{ sleep?: Readonly<{ seconds: number }> }> }>
  readonly resources?: Readonly<{ requests?: Labels; limits?: Labels }>
  readonly securityContext?: SecurityContext
  readonly volumeMounts?: readonly Readonly<{ name: string; mountPath: string }>[]
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: SecurityContext
  readonly topologySpreadConstraints?: readonly Readonly<{ labelSelector?: Selector }>[]
  readonly volumes?: readonly Readonly<{ name: string; emptyDir?: unknown }>[]
}

/** As much of every kind as is looked at; the schemas look at the rest. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<{ name: string; namespace?: string; labels?: Labels }>
  readonly data?: Labels
  readonly spec?: Readonly<{
    replicas?: number
    selector?: Selector & Labels
    podSelector?: Selector
    template?: Readonly<{ metadata?: Readonly<{ labels?: Labels }>; spec: PodSpec }>
    ports?: readonly Readonly<{ port: number; targetPort?: string | number }>[]
    scaleTargetRef?: Readonly<{ kind?: string; name: string }>
    minReplicaCount?: number
    maxReplicaCount?: number
    maxReplicas?: number
    strategy?: Readonly<{ rollingUpdate?: Readonly<{ maxSurge?: string | number }> }>
    triggers?: readonly Readonly<{ type: string; metadata: Labels }>[]
  }>
}

export const OVERLAYS = ['dev', 'production', 'production-without-keda'] as const
export type Overlay = (typeof OVERLAYS)[number]

/** Whether this machine can render overlays. Where it cannot, that is told: what goes unchecked must not look checked. */
export function canRender(): boolean {
  if (spawnSync('kubectl', ['version', '--client']).status === 0) return true
  process.stderr.write('\nNOT CHECKED: infra/k8s, since there is no kubectl on PATH to render its overlays with\n\n')
  return false
}

export function render(overlay: Overlay): KubeObject[] {
  const folder = path.join(root, 'infra/k8s/overlays', overlay)
  return parseObjects(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }))
}

export const parseObjects = (text: string): KubeObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubeObject)

export const titleOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`
export const ofKind = (objects: readonly KubeObject[], kind: string): KubeObject[] =>
  objects.filter((object) => object.kind === kind)
/** Whatever makes pods. */
export const workloads = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.filter(({ spec }) => spec?.template !== undefined)
export const podOf = (workload: KubeObject): PodSpec => workload.spec?.template?.spec ?? { containers: [] }
export const podLabels = (workload: KubeObject): Labels => workload.spec?.template?.metadata?.labels ?? {}
/** The workloads of Flotilla itself, and not of a store beside it. */
export const own = (objects: readonly KubeObject[]): KubeObject[] =>
  workloads(objects).filter((workload) => podLabels(workload)['app.kubernetes.io/name'] === 'flotilla')

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values = [] }) => operator === 'In' && values.includes(labels[key] ?? '\u0000'),
    )
  )
}
