import { createLoopService, type Log, type RoundCounts, type Service } from '@flotilla/runtime'

export type QueueWatchDeps = Readonly<{
  canary: Readonly<{ send(): Promise<void>; returned(): number }>
  /** Queues whose consumers have ended by themselves. */
  ended: () => readonly string[]
  /** Called once, with what to tell whoever reads the log: the process cannot serve its queues any more. */
  onDead: (reason: string) => void
  log: Log
  intervalMs?: number
  patienceMs?: number
  now?: () => number
}>

/** `lateMs`: for how long the queue has taken canaries of which none came back. `away`: it took none the last time. */
export type QueueHealth = Readonly<{ lateMs: number; away: boolean }>
export type QueueWatch = Service & Readonly<{ health(): QueueHealth }>

type Round = Readonly<{ taken: boolean; returned: number; elapsedMs: number }>

const INTERVAL_MS = 2_500
/** The published time within which a half-open socket is got over. */
export const PATIENCE_MS = 25_000

/**
 * Late is only what the queue took: one that is away, full or read-only proves nothing of this process. Canaries go on being
 * sent while one is late, since a queue can lose what it took.
 */
export const afterRound = (health: QueueHealth, { taken, returned, elapsedMs }: Round): QueueHealth => ({
  lateMs: returned > 0 || !taken ? 0 : health.lateMs + elapsedMs,
  away: !taken,
})

/** Proves to a process that its queue consumers live. `onDead` is for ending it, so that its supervisor starts another. */
export function createQueueWatch(deps: QueueWatchDeps): QueueWatch {
  const { canary, log, intervalMs = INTERVAL_MS, patienceMs = PATIENCE_MS, now = () => performance.now() } = deps
  let health: QueueHealth = { lateMs: 0, away: false }
  let endedBefore: readonly string[] = []
  let askedAt: number | null = null
  let dead = false

  const die = (reason: string): void => {
    if (dead) return
    dead = true
    deps.onDead(reason)
  }
  const runOnce = async (): Promise<RoundCounts> => {
    // A process that stood still was not listening: what it missed is not the queue's fault.
    const elapsedMs = askedAt === null ? 0 : Math.min(now() - askedAt, 2 * intervalMs)
    askedAt = now()
    const returned = canary.returned()
    const taken = await canary.send().then(
      () => true,
      () => false,
    )
    health = afterRound(health, { taken, returned, elapsedMs })
    const ended = deps.ended()
    const gone = ended.filter((queue) => endedBefore.includes(queue))
    endedBefore = ended
    if (health.lateMs >= patienceMs)
      die(`the queue takes jobs, but for ${Math.round(health.lateMs / 1_000)} s none has reached this process`)
    else if (gone.length > 0) die(`the consumers of ${gone.join(', ')} have ended by themselves`)
    return { returned, lateMs: Math.round(health.lateMs), away: health.away ? 1 : 0 }
  }
  const onError = (error: unknown): void => log.warn({ err: error }, 'the queue watch failed')
  return {
    ...createLoopService({ name: 'queue watch', intervalMs, jitter: 0.1, runOnce, log, onError }),
    health: () => health,
  }
}
