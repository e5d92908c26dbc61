import type { WorkerMessage } from '../../runs.ts'

/** What the submitter tells a worker process. */
export type Submission = Readonly<{ runs: readonly string[] }>

const tell = (message: WorkerMessage): void => void process.send?.(message)

/** Runs what the submitter sends, at most `concurrency` runs at once, and tells it what each came to. */
export function serveRuns(concurrency: number, run: (id: string) => Promise<number>): void {
  const waiting: string[] = []
  let free = concurrency
  const lane = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift())
      tell({ kind: 'done', run: id, value: await run(id) })
  }
  const fail = (error: unknown): void =>
    tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  const fill = (): void => {
    for (; free > 0 && waiting.length > 0; free -= 1)
      void lane()
        .catch(fail)
        .finally(() => (free += 1))
  }
  process.on('message', (message) => {
    waiting.push(...(message as Submission).runs)
    fill()
  })
  const stop = (): void => process.exit(0)
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  tell({ kind: 'ready' })
}
