import { dropLaneWaits, readLaneWaits, type Db, type LaneWait, type WakeUp } from '@flotilla/db'
import { laneId, type ModelRegistry } from '@flotilla/llm'
import { resolveModels } from './resolve-models.ts'

type Deps = Readonly<{
  db: Db
  models: ModelRegistry
  fallbackModels: readonly string[]
  wake: (tasks: readonly WakeUp[]) => Promise<void>
}>

/**
 * Lets tasks go on that rest for a lane which none of their models goes by any more, since the key or the models are others
 * now: for the start of a worker. Answers how many. Where another worker still has the old key, they look at its lane once.
 */
export async function dropForeignWaits(deps: Deps): Promise<number> {
  const waits = await readLaneWaits(deps.db)
  const dropped = await dropLaneWaits(
    deps.db,
    waits.filter((wait) => !lanesOf(deps, wait).includes(wait.lane)),
  )
  if (dropped.length > 0) await deps.wake(dropped)
  return dropped.length
}

/** Of all models that its calls may go to; none where its model is not there any more. */
function lanesOf(deps: Deps, { judge, model, allowed }: LaneWait): string[] {
  const { defaultModel, utilityModel } = deps.models
  const chain = judge
    ? resolveModels(deps, utilityModel)
    : resolveModels(deps, model ?? defaultModel, allowed ?? undefined)
  if (!chain.ok) return []
  return [...chain.value.links, ...chain.value.savers].map(({ lane }) => laneId(lane))
}
