import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { root } from '../../scripts/checkout.mjs'
import type { AutoscalerSettings, ScalingRules } from './autoscaler.ts'
import type { FleetSettings } from './fleet.ts'

interface ScaledObject {
  readonly spec: Readonly<{
    minReplicaCount: number
    maxReplicaCount: number
    pollingInterval: number
    cooldownPeriod: number
    advanced: Readonly<{
      horizontalPodAutoscalerConfig: Readonly<{
        behavior: Readonly<{ scaleUp: ScalingRules; scaleDown: ScalingRules }>
      }>
    }>
    triggers: readonly [Readonly<{ metadata: Readonly<{ targetValue: string }> }>]
  }>
}

interface Pool {
  readonly spec: Readonly<{
    template: Readonly<{
      spec: Readonly<{ containers: readonly [Readonly<{ env: readonly Readonly<{ name: string; value: string }>[] }>] }>
    }>
  }>
}

interface Deployment {
  readonly spec: Readonly<{ template: Readonly<{ spec: Readonly<{ terminationGracePeriodSeconds: number }> }> }>
}

interface Kustomization {
  readonly configMapGenerator: readonly [Readonly<{ literals: readonly string[] }>]
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** How a pool is scaled, by its manifest: the file itself, so that the simulation cannot drift from what is installed. */
export function autoscalerOf(pool: 'agents' | 'researcher'): AutoscalerSettings {
  const { spec } = parse(read(`infra/k8s/components/keda/${pool}.yaml`)) as ScaledObject
  const { scaleUp, scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior
  return {
    min: spec.minReplicaCount,
    max: spec.maxReplicaCount,
    targetValue: Number(spec.triggers[0].metadata.targetValue),
    pollingSeconds: spec.pollingInterval,
    cooldownSeconds: spec.cooldownPeriod,
    scaleUp,
    scaleDown,
  }
}

/** How a pod of a pool lives and ends, by the same manifests. */
export function fleetOf(pool: 'agents' | 'researcher'): FleetSettings {
  const { spec } = parse(read('infra/k8s/base/worker/deployment.yaml')) as Deployment
  const { configMapGenerator } = parse(read('infra/k8s/base/kustomization.yaml')) as Kustomization
  const [container] = (parse(read(`infra/k8s/base/pools/${pool}/deployment.yaml`)) as Pool).spec.template.spec
    .containers
  const setting = (name: string, lines: readonly string[]): number =>
    Number(lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1))
  return {
    concurrency: Number(container.env.find(({ name }) => name === 'FLOTILLA_CONCURRENCY')?.value),
    startSeconds: 25,
    drainSeconds: setting('FLOTILLA_DRAIN_SECONDS', configMapGenerator[0].literals),
    graceSeconds: spec.template.spec.terminationGracePeriodSeconds,
    leaseSeconds: setting('FLOTILLA_LEASE_SECONDS', read('.env.example').split('\n')),
  }
}
