import { createHash, randomBytes } from 'node:crypto'
import type { Db } from '@flotilla/db'
import type { submitRun } from '@flotilla/engine'
import type { Producer } from '@flotilla/queue'
import { systemClock } from '@flotilla/runtime'
import { EFFECT_TOOLS } from './effects/effect-journal.ts'
import type { Acknowledged } from './history/check-acknowledged.ts'
import { pause } from './pause.ts'
import { requestOf, type ChaosPlan } from './plan/chaos-plan.ts'
import { createRandom } from './random.ts'

/** Runs that the system has taken, the oldest first. */
export type Acknowledgements = Readonly<{
  all(): readonly Acknowledged[]
  /** From 0, the oldest, to 1, the newest. */
  at(share: number): Readonly<{ uid: string; runId: number | null; plan: ChaosPlan }> | undefined
}>

export interface Submitter {
  readonly acknowledgements: Acknowledgements
  /**
   * Submits at random moments until `until` (milliseconds since the epoch), whenever `hasRoom` says so; resolves when
   * nothing is under way.
   */
  run(until: number, hasRoom: () => boolean): Promise<void>
}

export type SubmitterDeps = Readonly<{
  db: Db
  producer: Producer
  seed: number
  planOf: (number: number) => ChaosPlan
  rate: number
  submitRun: typeof submitRun
}>

const WORKSPACE = 1
/** A request that nobody has answered is sent again under its key, as a client does. */
const AGAIN_MS = 250
const PATIENCE_MS = 20_000
/** With more than this under way, as when the record is away, no further ones begin. */
const MAX_UNDER_WAY = 20

export function createSubmitter(deps: SubmitterDeps): Submitter {
  const taken: { acknowledged: Acknowledged; runId: number | null; plan: ChaosPlan }[] = []
  const random = createRandom(deps.seed, 'submitter')
  const underWay = new Set<Promise<void>>()
  const submit = async (number: number): Promise<void> => {
    const plan = deps.planOf(number)
    const answer = await submitUntilAnswered(deps, plan)
    if (answer !== null) taken.push({ acknowledged: { plan: number, uid: answer.uid }, runId: answer.runId, plan })
  }
  return {
    acknowledgements: {
      all: () => taken.map(({ acknowledged }) => acknowledged),
      at: (share) => {
        const one = taken[Math.min(taken.length - 1, Math.floor(share * taken.length))]
        return one && { ...one, uid: one.acknowledged.uid }
      },
    },
    async run(until, hasRoom) {
      for (let number = 1; Date.now() < until;) {
        if (underWay.size < MAX_UNDER_WAY && hasRoom()) {
          const one = submit(number++)
          underWay.add(one)
          void one.finally(() => underWay.delete(one))
        }
        await pause((1_000 / deps.rate) * random.between(0.5, 1.5))
      }
      await Promise.all(underWay)
    },
  }
}

type Answered = Readonly<{ uid: string; runId: number | null }>

/** Null: it stayed unanswered, and whether it was taken is unknown. */
async function submitUntilAnswered(deps: SubmitterDeps, plan: ChaosPlan): Promise<Answered | null> {
  const givenUpAt = Date.now() + PATIENCE_MS
  while (Date.now() < givenUpAt) {
    const answer = await submitOnce(deps, plan).catch(() => null)
    if (answer === null) await pause(AGAIN_MS)
    else if (answer.result.ok) return { uid: answer.result.value.id, runId: answer.runId }
    else throw new Error(`plan ${plan.number} was refused: ${JSON.stringify(answer.result)}`)
  }
  return null
}

async function submitOnce({ db, producer, submitRun }: SubmitterDeps, plan: ChaosPlan) {
  const body = requestOf(plan)
  const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  // A repetition that finds its run there wakes nobody, and so does not tell the number.
  let runId: number | null = null
  const wake = {
    plan: (id: number, priority: number): Promise<void> => {
      runId = id
      return producer.wakePlan(id, priority)
    },
  }
  const result = await submitRun(
    { db, clock: systemClock, random: (n) => randomBytes(n), wake, tools: EFFECT_TOOLS },
    { workspaceId: WORKSPACE, body, idempotencyKey: `chaos-${plan.number}`, bodyHash },
  )
  return { result, runId }
}
