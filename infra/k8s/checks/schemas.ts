import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Secret } from 'kubernetes-models/v1/Secret'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import type { KubeObject } from './objects.ts'

/** Of a class of kubernetes-models, as much as is used. */
interface Kind {
  readonly apiVersion: string
  readonly kind: string
  readonly prototype: { validate(): void }
}

const KINDS: readonly Kind[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  ScaledObject,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
]

/** What the schema of its kind has against an object; fields that the kind does not have count too. */
export function schemaProblems(object: KubeObject): string[] {
  const kind = KINDS.find((each) => each.apiVersion === object.apiVersion && each.kind === object.kind)
  if (kind === undefined) return [`no schema for ${object.apiVersion} ${object.kind}`]
  const { watched, unread } = watchReads(object)
  try {
    kind.prototype.validate.call(watched)
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
  return unread().map((field) => `${field}: ${object.kind} has no such field`)
}

/**
 * The schemas are compiled functions that read every field they know and pass over others in silence: a field that none of
 * them has read is unknown.
 */
function watchReads(value: object): { watched: object; unread: () => string[] } {
  const seen = new Map<object, { at: string; read: Set<string>; watched: object }>()
  const watch = (target: object, at: string): object => {
    const known = seen.get(target)
    if (known) return known.watched
    const read = new Set<string>()
    const watched = new Proxy(target, {
      get(_, key) {
        const field: unknown = Reflect.get(target, key)
        if (typeof key === 'string') read.add(key)
        return typeof field === 'object' && field !== null ? watch(field, `${at}/${String(key)}`) : field
      },
    })
    seen.set(target, { at, read, watched })
    return watched
  }
  const unread = (): string[] =>
    [...seen].flatMap(([target, { at, read }]) =>
      Array.isArray(target)
        ? []
        : Object.keys(target)
            .filter((key) => !read.has(key))
            .map((key) => `${at}/${key}`),
    )
  return { watched: watch(value, ''), unread }
}
