import type { TaskStatus } from '@flotilla/domain'
import { Handle, Position, type Node, type NodeHandle, type NodeProps } from '@xyflow/react'
import { TASK_LOOKS, TONE_TEXT, type StateLook } from '../state/tones.ts'

/** What a drawn node says; `status` null where there is none yet, as in a plan. */
export type NodeFace = Readonly<{
  title: string
  note: string
  status: TaskStatus | null
  /** Of a group: how many of its tasks are in which state. */
  tally: ReadonlyMap<TaskStatus, number> | null
  critical: boolean
  wrong: boolean
  /** What it is for those who do not see it drawn. */
  label: string
  /** Null: it leads nowhere, as in a plan. */
  onOpen: (() => void) | null
}>
export type FaceNode = Node<NodeFace, 'face'>

export const NODE_WIDTH = 208
export const NODE_HEIGHT = 46

/** Where edges begin and end: told, so that they are drawn before the node is measured, which it is anew with each change. */
export const NODE_HANDLES: NodeHandle[] = [
  { type: 'target', position: Position.Left, x: 0, y: NODE_HEIGHT / 2, width: 0, height: 0 },
  { type: 'source', position: Position.Right, x: NODE_WIDTH, y: NODE_HEIGHT / 2, width: 0, height: 0 },
]

const PENDING: StateLook = TASK_LOOKS.pending

export function GraphNodeFace({ data }: NodeProps<FaceNode>) {
  const look = data.status === null ? PENDING : TASK_LOOKS[data.status]
  const edge = data.wrong ? 'border-bad' : data.critical ? 'border-accent' : 'border-line'
  return (
    <div className={`relative h-[46px] w-[208px] rounded-md border bg-surface px-2.5 py-[2px] ${edge}`}>
      <Handle type="target" position={Position.Left} className="invisible" isConnectable={false} />
      {data.onOpen !== null && (
        // Over the whole face, so that the keyboard gets to it and a drag on it still moves the graph.
        <button
          type="button"
          aria-label={data.label}
          onClick={data.onOpen}
          className="pointer-events-auto absolute inset-0 rounded-md"
        />
      )}
      <div className="flex items-center gap-1.5">
        {data.status !== null && (
          <span aria-hidden="true" className={`w-3 shrink-0 text-center ${TONE_TEXT[look.tone]}`}>
            {look.mark}
          </span>
        )}
        <span className="truncate">{data.title}</span>
      </div>
      <div className="flex gap-2 truncate text-small text-muted">
        {data.tally === null ? <span className="truncate">{data.note}</span> : <Tally tally={data.tally} />}
      </div>
      <Handle type="source" position={Position.Right} className="invisible" isConnectable={false} />
    </div>
  )
}

const Tally = ({ tally }: Readonly<{ tally: ReadonlyMap<TaskStatus, number> }>) =>
  [...tally].map(([status, n]) => (
    <span key={status} className={`numeric ${TONE_TEXT[TASK_LOOKS[status].tone]}`}>
      <span aria-hidden="true">{TASK_LOOKS[status].mark}</span> {n}
      <span className="sr-only"> {TASK_LOOKS[status].label}</span>
    </span>
  ))
