import { rejected } from '@flotilla/domain'
import type { MiddlewareHandler } from 'hono'
import { isIP } from 'node:net'
import type { AppEnv } from './context.ts'
import { refuse } from './errors.ts'

/** The host of an authority or URL, without port and brackets; empty when it is none. */
export function hostnameOf(authority: string): string {
  try {
    return new URL(authority.includes('://') ? authority : `http://${authority}`).hostname.replace(/^\[|\]$/g, '')
  } catch {
    return ''
  }
}

export const isLoopbackName = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host)

/** Addresses as sockets tell them: IPv4 may come mapped into IPv6. */
export const isLoopbackAddress = (address: string): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/**
 * Without login, whoever reaches the port may do everything; a web page that the user looks at must not. A page of another
 * site that writes is told by its Origin. A page whose own name was made to point here (DNS rebinding) is told by the Host:
 * on a loopback address only loopback names and addresses are ours.
 */
export function browserGuard(boundToLoopback: boolean): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const host = c.req.header('host') ?? ''
    const name = hostnameOf(host)
    if (boundToLoopback && host !== '' && !isLoopbackName(name) && isIP(name) === 0)
      return refuse(
        c,
        rejected(
          'forbidden',
          `this server answers on localhost only, not as "${name}"; bind it with FLOTILLA_HOST to be reached by name`,
        ),
      )
    const origin = c.req.header('origin')
    const writes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    if (writes && origin !== undefined && !isOwnOrigin(origin, host))
      return refuse(c, rejected('forbidden', `a page of ${origin} may not write here`))
    return next()
  }
}

/** A page on this machine may be the development server of the web app, on a port of its own. */
function isOwnOrigin(origin: string, host: string): boolean {
  // "null" is the origin of sandboxed pages and files.
  if (!URL.canParse(origin)) return false
  const { host: own, hostname } = new URL(origin)
  return own === host || (isLoopbackName(hostname) && isLoopbackName(hostnameOf(host)))
}
