import { createServer } from 'node:net'
import { freePort } from '@flotilla/runtime'
import { found, refused, type Read } from '../input/result.ts'

/** The port to listen on; 0 becomes one that is free. Says what to do about one that cannot be had. */
export async function usablePort(host: string, port: number): Promise<Read<number>> {
  try {
    if (port === 0) return found(await freePort(host))
    await bindOnce(host, port)
    return found(port)
  } catch (error) {
    return refused(explain(host, port, (error as NodeJS.ErrnoException).code, String(error)))
  }
}

function bindOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, host, () => void server.close(() => resolve()))
  })
}

function explain(host: string, port: number, code: string | undefined, message: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program; stop that, or choose another port with --port or FLOTILLA_PORT (0 takes any free one)`
    case 'EACCES':
      return `port ${port} may not be used by this user; choose one above 1023 with --port or FLOTILLA_PORT`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine; choose another with --host or FLOTILLA_HOST (127.0.0.1 for this machine alone)`
    default:
      return `cannot listen on port ${port} of ${host}: ${message}`
  }
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Where a server is reached from this machine; one that listens on all addresses, by loopback. */
export function urlOf(host: string, port: number): string {
  const reached = WILDCARDS.has(host) ? '127.0.0.1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
