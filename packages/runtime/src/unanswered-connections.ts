import type { Socket } from 'node:net'
import type { Pool } from 'pg'

/** The part of node-postgres's client that its types leave out. */
type Connected = { connection?: { stream?: Socket } }

type Line = { readonly stream: Socket; heardAt: number; answered: number }

/**
 * Ends a pool's connections once a question has stayed unanswered on one of them for `ms`. node-postgres waits without an
 * end for a peer that is gone without a word, as behind a broken network, and so does whoever asks next: the pool would
 * be used up for good. With the one that shows it go all that have been as silent: they lead to the same peer, and to
 * find them one by one would take as many time-outs. Their clients emit `error`, and the pool replaces them.
 *
 * `ms` has to exceed the longest statement that the server lets run.
 */
export function endUnansweredConnections(pool: Pool, ms: number): void {
  const lines = new Set<Line>()
  const endSilent = (): void => {
    // A timer and this clock may differ by a moment.
    const silentSince = performance.now() - 0.9 * ms
    for (const { stream, heardAt } of lines)
      if (heardAt <= silentSince)
        stream.destroy(new Error(`Postgres has not answered for ${ms} ms; the connection is taken for lost`))
  }
  pool.on('connect', (client) => {
    const stream = (client as unknown as Connected).connection?.stream
    if (stream === undefined) throw new Error('the client of this version of pg has no stream to watch')
    const line: Line = { stream, heardAt: performance.now(), answered: stream.bytesWritten }
    lines.add(line)
    // Before node-postgres reads what came: with the answer it may send the next question at once.
    stream.prependListener('data', () => {
      line.heardAt = performance.now()
      line.answered = stream.bytesWritten
    })
    stream.once('close', () => lines.delete(line))
    // Fires `ms` after the last byte in either direction; a connection that is only idle has nothing unanswered.
    stream.setTimeout(ms, () => {
      if (stream.bytesWritten > line.answered) endSilent()
    })
  })
}
