import { accepted, rejected, type Result } from '@flotilla/domain'
import type { Context } from 'hono'
import type { AppEnv } from './context.ts'

const KEY = /^[\x20-\x7e]{1,255}$/

/** The request's Idempotency-Key, undefined without one. Errors: `invalid_input`. */
export function readIdempotencyKey(c: Context<AppEnv>): Result<string | undefined> {
  const key = c.req.header('idempotency-key')
  if (key === undefined || KEY.test(key)) return accepted(key)
  const message = 'expected 1 to 255 printable ASCII characters'
  return rejected('invalid_input', `Idempotency-Key: ${message}`, [{ path: '/Idempotency-Key', message }])
}
