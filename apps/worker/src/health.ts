import { createServer, type Server } from 'node:http'
import { ConfigurationError } from '@flotilla/domain'
import { NotReady, readDependencies, type Check, type DependencyState } from '@flotilla/runtime'

export type HealthSettings = Readonly<{
  /** 0 takes any free one. */
  port: number
  /** Where the port was set, for its error. */
  setting: string
  checks: Readonly<Record<string, Check>>
  /** Answered at /metrics where there are any. */
  metrics?: MetricsText | undefined
}>

export type MetricsText = Readonly<{ text(): Promise<string>; contentType: string }>

export type Health = Readonly<{
  port: number
  /** From now on not ready: nothing new is to be expected of this process. */
  drain(): void
  close(): Promise<void>
}>

type Answer = Readonly<{ status: number; body: string; contentType: string }>

/**
 * `/livez` and `/healthz` tell that the process lives, `/readyz` each dependency's state, for an orchestrator's probes, and
 * `/metrics` what Prometheus scrapes: on every address.
 */
export async function serveHealth({ port, setting, checks, metrics }: HealthSettings): Promise<Health> {
  let draining = false
  const all = { ...checks, worker: async () => draining && Promise.reject(new NotReady('it drains')) }
  const server = createServer((request, response) => {
    void answerTo(request.url ?? '', request.method ?? '', all, metrics).then(({ status, body, contentType }) => {
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? '' : body)
    })
  })
  await listen(server, port, setting)
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : port,
    drain: () => void (draining = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Checks = Readonly<Record<string, () => Promise<unknown>>>

async function answerTo(
  url: string,
  method: string,
  checks: Checks,
  metrics: MetricsText | undefined,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'only GET and HEAD' })
  const [path] = url.split('?')
  if (path === '/livez' || path === '/healthz') return json(200, { status: 'ok' })
  if (path === '/readyz') return readiness(await readDependencies(checks as Record<string, Check>))
  if (metrics === undefined) return json(404, { status: 'there are /livez, /healthz and /readyz' })
  if (path === '/metrics') return { status: 200, body: await metrics.text(), contentType: metrics.contentType }
  return json(404, { status: 'there are /livez, /healthz, /readyz and /metrics' })
}

const json = (status: number, body: Readonly<Record<string, unknown>>): Answer => ({
  status,
  body: JSON.stringify(body),
  contentType: 'application/json',
})

function readiness(dependencies: Readonly<Record<string, DependencyState>>): Answer {
  const ready = Object.values(dependencies).every(({ status }) => status === 'up')
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', dependencies })
}

function listen(server: Server, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be had: ${cause.message}`
      reject(new ConfigurationError(`port ${port} of ${setting} ${why}; choose another`, { cause }))
    })
    server.listen(port, resolve)
  })
}
