import type { ShapeTask } from '../shapes.ts'

const LAYER = 100
const DEPENDENCIES = 3

/** Layers of 100 tasks, each of which waits for three of the layer before: neighbours, the last one's being the first. */
export const layeredTasks = (count: number): ShapeTask[] =>
  Array.from({ length: count }, (_, i) => {
    const layer = Math.floor(i / LAYER)
    const size = Math.min(LAYER, count - layer * LAYER)
    const before = (offset: number): string => `t${(layer - 1) * LAYER + (((i % LAYER) + offset) % LAYER)}`
    return {
      key: `t${i}`,
      dependsOn: layer === 0 || size === 0 ? [] : Array.from({ length: DEPENDENCIES }, (_d, n) => before(n)),
    }
  })

export const edgesOf = (tasks: readonly ShapeTask[]): number =>
  tasks.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0)
