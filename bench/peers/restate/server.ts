import path from 'node:path'
import { freePort } from '@flotilla/runtime'
import { temporaryFolder, type Scope } from '../../scope.ts'
import { startProcess } from '../../services/process.ts'
import { until } from '../../until.ts'
import { packageFolder } from '../installed.ts'
import { SERVER } from './sdk.ts'

export type RestateServer = Readonly<{ pid: number; ingress: string; admin: string; ended: Promise<never> }>

/** A server of its own with its durable defaults. */
export async function startServer(scope: Scope): Promise<RestateServer> {
  const folder = await temporaryFolder(scope)
  const [ingressPort, adminPort, nodePort] = [await freePort(), await freePort(), await freePort()]
  const settings = {
    'listen-mode': 'tcp',
    'base-dir': path.join(folder, 'data'),
    'bind-ip': '127.0.0.1',
    'bind-port': String(nodePort),
  }
  const server = await startProcess(scope, {
    name: 'restate-server',
    command: path.join(packageFolder(`${SERVER}-${process.platform}-${process.arch}`), 'bin', 'restate-server'),
    args: ['--no-logo', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])],
    env: {
      PATH: process.env['PATH'],
      RESTATE_INGRESS__BIND_PORT: String(ingressPort),
      RESTATE_ADMIN__BIND_PORT: String(adminPort),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
    },
    folder,
  })
  const [ingress, admin] = [`http://127.0.0.1:${ingressPort}`, `http://127.0.0.1:${adminPort}`]
  const healthy = until(
    async () => (await answers(`${admin}/health`)) && (await answers(`${ingress}/restate/health`)),
    {
      what: 'restate-server answers',
      signal: scope.signal,
      timeoutMs: 60_000,
    },
  )
  await Promise.race([healthy, server.ended])
  return { pid: server.pid, ingress, admin, ended: server.ended }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )

/** Sends JSON and reads JSON. Throws what the server says to a request that it refuses. */
export async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`Restate answered ${url} with ${response.status}: ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}
