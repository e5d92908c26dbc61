import { createServer, type AddressInfo, type Server } from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { restingPool } from './postgres-backend.ts'

/** Answers every connection as a server does that starts up. */
let server: Server
let pool: pg.Pool
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(errorResponse('57P03', 'the database system is starting up')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  pool = new pg.Pool({ host: '127.0.0.1', port, user: 'nobody', database: 'nothing' })
})
afterEach(async () => {
  await pool.end()
  server.close()
})

function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  return Buffer.concat([Buffer.from('E'), length, fields])
}

it('has a server that starts up look refused, so that who asks rests before it asks again', async () => {
  const resting = restingPool(pool)
  const away = { code: 'ECONNREFUSED', message: 'the database system is starting up', cause: { code: '57P03' } }
  await expect(resting.query('select 1')).rejects.toMatchObject(away)
  await expect(resting.connect()).rejects.toMatchObject(away)
})
