import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/checkout.mjs'
import { environmentProblems } from './checks/environment.ts'
import { canRender, ofKind, OVERLAYS, own, podOf, render, titleOf, type KubeObject } from './checks/objects.ts'
import { lifeProblems, securityProblems } from './checks/pods.ts'
import { referenceProblems, unprotected } from './checks/references.ts'
import { mostConnections, scalerProblems } from './checks/scaling.ts'
import { schemaProblems } from './checks/schemas.ts'

const guide = readFileSync(path.join(root, 'docs/kubernetes.md'), 'utf8')

/** Secrets that the guide says how to make, with the keys that it gives them. */
const given = Object.fromEntries(
  [...guide.matchAll(/kubectl create secret generic (?:--\S+ )*([\w-]+)((?:[^\n]*\\\n)*[^\n]*)/g)].map(
    ([, name = '', rest = '']) => [name, [...rest.matchAll(/--from-literal=(\w+)=/g)].map(([, key = '']) => key)],
  ),
)

const schemasOf = (objects: readonly KubeObject[]): string[] =>
  objects.flatMap((object) => schemaProblems(object).map((problem) => `${titleOf(object)}: ${problem}`))

const renders = canRender()
const rendered = Object.fromEntries(OVERLAYS.map((overlay) => [overlay, renders ? render(overlay) : []]))

describe.runIf(renders)('the overlays', () => {
  describe.each(OVERLAYS)('%s', (overlay) => {
    const objects = rendered[overlay] ?? []

    test('fits the schemas, and has no field that they do not know', () => expect(schemasOf(objects)).toEqual([]))
    test('has whatever it names', () => expect(referenceProblems(objects, given)).toEqual([]))
    test('gives programs an environment that they know and accept', async () =>
      expect(await environmentProblems(objects)).toEqual([]))
    test('probes what answers, and lets a pod drain', () => expect(lifeProblems(objects)).toEqual([]))
    test('gives pods no more rights than they need', () => expect(securityProblems(objects)).toEqual([]))
    test('scales each pool by its own work', () => expect(scalerProblems(objects)).toEqual([]))
    test('has a disruption budget for whatever lasts', () => expect(unprotected(objects)).toEqual([]))

    test('runs every role', () => {
      const roles = own(objects).flatMap((workload) =>
        podOf(workload).containers.flatMap(({ env = [] }) =>
          env.flatMap(({ name, value }) => (name === 'FLOTILLA_ROLES' && value !== undefined ? [value] : [])),
        ),
      )
      expect(roles).toEqual(expect.arrayContaining(['planner', 'agent:*', 'verifier', 'learner', 'maintenance']))
    })

    test('denies what no policy allows', () => {
      const policies = ofKind(objects, 'NetworkPolicy').map(({ metadata }) => metadata.name)
      expect(policies).toEqual(expect.arrayContaining(['default-deny', 'api', 'workers', 'stores', 'models', 'names']))
    })
  })

  test('no secret has a value in production', () => {
    expect(ofKind(rendered['production'] ?? [], 'Secret')).toEqual([])
  })

  test('the guide tells how many connections the largest fleet needs', () => {
    expect(guide).toContain(`${mostConnections(rendered['production'] ?? [])} connections`)
  })

  test('a pool is scaled by KEDA or by CPU, and not by both', () => {
    expect(ofKind(rendered['production'] ?? [], 'ScaledObject').length).toBeGreaterThan(0)
    expect(ofKind(rendered['production-without-keda'] ?? [], 'ScaledObject')).toEqual([])
    for (const overlay of OVERLAYS) {
      const objects = rendered[overlay] ?? []
      const scaled = [...ofKind(objects, 'ScaledObject'), ...ofKind(objects, 'HorizontalPodAutoscaler')].map(
        ({ spec }) => spec?.scaleTargetRef?.name,
      )
      expect(new Set(scaled).size).toBe(scaled.length)
    }
  })
})
