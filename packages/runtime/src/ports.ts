import { createServer } from 'node:net'

/** A TCP port that was free a moment ago; another process may take it before its user does, so a bind can still fail. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error(`no free port on ${host}: expected a TCP address, found ${String(address)}`))
      })
    })
  })
}
