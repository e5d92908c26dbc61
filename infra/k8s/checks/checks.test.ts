import { describe, expect, test } from 'vitest'
import { environmentProblems } from './environment.ts'
import { parseObjects, type KubeObject } from './objects.ts'
import { lifeProblems, securityProblems } from './pods.ts'
import { referenceProblems, unprotected } from './references.ts'
import { scalerProblems } from './scaling.ts'
import { schemaProblems } from './schemas.ts'

/** A pool of workers with whatever belongs to it, without a fault. */
const SOUND = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: flotilla, namespace: flotilla }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: flotilla }
data: { FLOTILLA_DRAIN_SECONDS: '100', FLOTILLA_METRICS_PORT: '9464' }
---
apiVersion: v1
kind: Service
metadata: { name: flotilla-agents, namespace: flotilla }
spec:
  selector: { app.kubernetes.io/name: flotilla }
  ports: [{ port: 3000, targetPort: metrics }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: flotilla-agents, namespace: flotilla }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app.kubernetes.io/name: flotilla } }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: flotilla-agents, namespace: flotilla }
spec:
  scaleTargetRef: { name: flotilla-agents }
  triggers:
    - type: metrics-api
      metadata:
        url: http://flotilla-agents.flotilla.svc:3000/internal/scaling/agents
        valueLocation: value
        targetValue: '45'
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: flotilla-agents, namespace: flotilla }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: flotilla } }
  template:
    metadata: { labels: { app.kubernetes.io/name: flotilla } }
    spec:
      serviceAccountName: flotilla
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 120
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: worker
          image: flotilla:1
          command: [node, apps/worker/src/main.ts]
          envFrom: [{ configMapRef: { name: settings } }]
          env:
            - { name: FLOTILLA_ROLES, value: 'agent:*' }
            - { name: FLOTILLA_CONCURRENCY, value: '50' }
            - { name: DATABASE_URL, valueFrom: { secretKeyRef: { name: stores, key: DATABASE_URL } } }
          ports: [{ name: metrics, containerPort: 9464 }]
          startupProbe: { httpGet: { path: /livez, port: metrics } }
          livenessProbe: { httpGet: { path: /livez, port: metrics } }
          readinessProbe: { httpGet: { path: /readyz, port: metrics } }
          resources: { requests: { cpu: 100m, memory: 256Mi }, limits: { memory: 512Mi } }
          securityContext:
            { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
      volumes: [{ name: tmp, emptyDir: {} }]
`

async function problemsOf(objects: readonly KubeObject[]): Promise<string[]> {
  return [
    ...objects.flatMap(schemaProblems),
    ...referenceProblems(objects, { stores: ['DATABASE_URL'] }),
    ...(await environmentProblems(objects)),
    ...lifeProblems(objects),
    ...securityProblems(objects),
    ...scalerProblems(objects),
    ...unprotected(objects),
  ]
}

/** With the first occurrence of a text replaced. */
function broken(find: string, put: string): KubeObject[] {
  expect(SOUND).toContain(find)
  return parseObjects(SOUND.replace(find, put))
}

test('nothing is found where nothing is wrong', async () => expect(await problemsOf(parseObjects(SOUND))).toEqual([]))

describe('what is wrong is found:', () => {
  test.each([
    ['a wrong type', 'terminationGracePeriodSeconds: 120', "terminationGracePeriodSeconds: '120'", 'must be integer'],
    [
      'a missing field',
      'selector: { matchLabels: { app.kubernetes.io/name: flotilla } }\n  template',
      'template',
      'required property selector',
    ],
    [
      'an unknown field at the top',
      'metadata: { name: settings',
      'dta: {}\nmetadata: { name: settings',
      '/dta: ConfigMap has no such field',
    ],
    [
      'an unknown field of a container',
      'image: flotilla:1',
      'image: flotilla:1\n          imagePolicy: Always',
      '/spec/template/spec/containers/0/imagePolicy: Deployment has no such field',
    ],
    [
      'an unknown field of a trigger',
      'type: metrics-api',
      'type: metrics-api\n      target: 5',
      '/spec/triggers/0/target: ScaledObject has no such field',
    ],
    ['a kind without a schema', 'kind: ConfigMap', 'kind: ConfigMapp', 'no schema for v1 ConfigMapp'],
    [
      'a ConfigMap that is not there',
      'configMapRef: { name: settings }',
      'configMapRef: { name: other }',
      'no ConfigMap other',
    ],
    ['a key that its Secret does not have', 'key: DATABASE_URL', 'key: URL', 'no Secret stores with URL'],
    ['a volume that is not there', 'volumeMounts: [{ name: tmp', 'volumeMounts: [{ name: cache', 'no volume cache'],
    [
      'a ServiceAccount that is not there',
      'serviceAccountName: flotilla',
      'serviceAccountName: other',
      'no ServiceAccount other',
    ],
    [
      'a selector that fits no pod',
      'metadata: { labels: { app.kubernetes.io/name: flotilla } }',
      'metadata: { labels: { app.kubernetes.io/name: flotilla2 } }',
      'does not select its own pods',
    ],
    [
      'a budget of nothing',
      'maxUnavailable: 1\n  selector: { matchLabels: { app.kubernetes.io/name: flotilla } }',
      'maxUnavailable: 1\n  selector: { matchLabels: { app: other } }',
      'covers nothing',
    ],
    [
      'a Service without pods',
      'selector: { app.kubernetes.io/name: flotilla }\n',
      'selector: { app: other }\n',
      'selects 0 workloads',
    ],
    ['a port that pods do not have', 'targetPort: metrics', 'targetPort: http', 'no port http'],
    [
      'a scaler of nothing',
      'scaleTargetRef: { name: flotilla-agents }',
      'scaleTargetRef: { name: other }',
      'no Deployment other',
    ],
    [
      'replicas beside a scaler',
      'spec:\n  selector: { matchLabels',
      'spec:\n  replicas: 2\n  selector: { matchLabels',
      'sets replicas too',
    ],
    [
      'a variable that the program does not know',
      'name: FLOTILLA_ROLES',
      'name: FLOTILLA_ROLE',
      'the worker does not know FLOTILLA_ROLE',
    ],
    ['a value that the program refuses', "value: 'agent:*'", "value: 'agents'", 'FLOTILLA_ROLES: expected planner'],
    [
      'a setting that nothing reads',
      'FLOTILLA_DRAIN_SECONDS:',
      'FLOTILLA_DRAIN_SECOND:',
      'nothing reads FLOTILLA_DRAIN_SECOND',
    ],
    [
      'a probe that nothing answers',
      'startupProbe: { httpGet: { path: /livez',
      'startupProbe: { httpGet: { path: /healthz',
      'startup probe: nothing answers /healthz',
    ],
    [
      'a probe of another port',
      'readinessProbe: { httpGet: { path: /readyz, port: metrics',
      'readinessProbe: { httpGet: { path: /readyz, port: http',
      'readiness probe: no port http',
    ],
    ['a port that nobody listens on', 'containerPort: 9464', 'containerPort: 9465', 'but the process listens on 9464'],
    [
      'liveness that depends on stores',
      'livenessProbe: { httpGet: { path: /livez',
      'livenessProbe: { httpGet: { path: /readyz',
      'liveness asks what readiness asks',
    ],
    [
      'a pod that is killed while it drains',
      'terminationGracePeriodSeconds: 120',
      'terminationGracePeriodSeconds: 110',
      'is killed after 110 s; expected at least 115 s',
    ],
    [
      'a token of the Kubernetes API',
      'automountServiceAccountToken: false',
      'automountServiceAccountToken: true',
      'gets a token',
    ],
    ['variables of Services', 'enableServiceLinks: false', 'enableServiceLinks: true', 'variables of every Service'],
    ['root', 'runAsNonRoot: true, runAsUser: 1000', 'runAsNonRoot: false', 'may run as root'],
    [
      'a writable root filesystem',
      'readOnlyRootFilesystem: true',
      'readOnlyRootFilesystem: false',
      'may write to its root',
    ],
    ['capabilities', 'drop: [ALL]', 'drop: [NET_RAW]', 'keeps capabilities'],
    ['no limit of memory', ', limits: { memory: 512Mi }', '', 'has no limit of memory'],
    [
      'the pool of another role',
      'scaling/agents',
      'scaling/verify',
      'asks for /internal/scaling/verify; expected /internal/scaling/agents',
    ],
    [
      'an endpoint in another place',
      'flotilla-agents.flotilla.svc:3000',
      'flotilla-api.flotilla.svc:3000',
      'is no Service of ours',
    ],
    [
      'a target that is not what a pod takes',
      "targetValue: '45'",
      "targetValue: '50'",
      'aims at 50 a pod; expected 45, since one takes 50',
    ],
  ])('%s', async (_what, find, put, said) => {
    expect((await problemsOf(broken(find, put))).join('\n')).toContain(said)
  })

  test('whatever lasts and has no disruption budget', () => {
    expect(unprotected(parseObjects(SOUND).filter(({ kind }) => kind !== 'PodDisruptionBudget'))).toEqual([
      'Deployment flotilla-agents',
    ])
  })
})
