import { BaseEdge, type EdgeProps } from '@xyflow/react'

const OUT_PX = 90
/** Of the curve's handles; the curve itself then runs between two rows of tasks. */
const DOWN_PX = 44

/** An arrow that would run behind tasks, back as a circle does or past others in its row: it goes around beneath them. */
export function ArrowAround({ sourceX, sourceY, targetX, targetY, markerEnd }: EdgeProps) {
  const depth = Math.max(sourceY, targetY) + DOWN_PX
  const path = `M${sourceX},${sourceY} C${sourceX + OUT_PX},${depth} ${targetX - OUT_PX},${depth} ${targetX},${targetY}`
  return <BaseEdge path={path} {...(markerEnd === undefined ? {} : { markerEnd })} />
}
