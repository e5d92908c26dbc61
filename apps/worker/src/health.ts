import { createServer, type Server } from 'node:http'
import { ConfigurationError } from '@flotilla/domain'
import { NotReady, readDependencies, type Check, type DependencyState } from '@flotilla/runtime'

export type HealthSettings = Readonly<{
  /** 0 takes any free one. */
  port: number
  checks: Readonly<Record<string, Check>>
}>

export type Health = Readonly<{
  port: number
  /** From now on not ready: nothing new is to be expected of this process. */
  drain(): void
  close(): Promise<void>
}>

type Answer = Readonly<{ status: number; body: Readonly<Record<string, unknown>> }>

/** `/healthz` tells that the process lives, `/readyz` each dependency's state, for an orchestrator's probes: on every address. */
export async function serveHealth({ port, checks }: HealthSettings): Promise<Health> {
  let draining = false
  const all = { ...checks, worker: async () => draining && Promise.reject(new NotReady('it drains')) }
  const server = createServer((request, response) => {
    void answerTo(request.url ?? '', request.method ?? '', all).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? '' : JSON.stringify(body))
    })
  })
  await listen(server, port)
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

async function answerTo(url: string, method: string, checks: Checks): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { status: 'only GET and HEAD' } }
  const [path] = url.split('?')
  if (path === '/healthz') return { status: 200, body: { status: 'ok' } }
  if (path === '/readyz') return readiness(await readDependencies(checks as Record<string, Check>))
  return { status: 404, body: { status: 'there are /healthz and /readyz' } }
}

function readiness(dependencies: Readonly<Record<string, DependencyState>>): Answer {
  const ready = Object.values(dependencies).every(({ status }) => status === 'up')
  return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not ready', dependencies } }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be had: ${cause.message}`
      reject(new ConfigurationError(`port ${port} of FLOTILLA_HEALTH_PORT ${why}; choose another`, { cause }))
    })
    server.listen(port, resolve)
  })
}
