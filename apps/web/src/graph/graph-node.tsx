import type { TaskStatus } from '@flotilla/domain'
import { Handle, Position, type Node, type NodeHandle, type NodeProps } from '@xyflow/react'
import { TASK_LOOKS, TONE_TEXT, type StateLook } from '../state/tones.ts'

/** What a drawn node says; `status` null where there is none yet, as in a plan. */
export type NodeFace = Readonly<{
  title: string
  note: string
  size: NodeSize
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

/** How large nodes are drawn, and how far apart; on a narrow screen narrower and higher, so that more columns can be read. */
export const NODE_SIZES = {
  roomy: { width: 208, height: 46, columnPx: 208 + 56, rowPx: 46 + 14 },
  compact: { width: 148, height: 64, columnPx: 148 + 30, rowPx: 64 + 12 },
} as const
export type NodeSize = keyof typeof NODE_SIZES

/** Where edges begin and end: told, so that they are drawn before the node is measured, which it is anew with each change. */
const handlesOf = (size: NodeSize): NodeHandle[] => {
  const { width, height } = NODE_SIZES[size]
  return [
    { type: 'target', position: Position.Left, x: 0, y: height / 2, width: 0, height: 0 },
    { type: 'source', position: Position.Right, x: width, y: height / 2, width: 0, height: 0 },
  ]
}
export const NODE_HANDLES: Readonly<Record<NodeSize, NodeHandle[]>> = {
  roomy: handlesOf('roomy'),
  compact: handlesOf('compact'),
}

/** Whole class names, so that the style sheet has them. */
const FACES: Readonly<Record<NodeSize, Readonly<{ box: string; title: string }>>> = {
  roomy: { box: 'h-[46px] w-[208px] py-[2px]', title: 'truncate' },
  compact: { box: 'h-[64px] w-[148px] py-1', title: 'line-clamp-2 h-9 leading-[18px]' },
}

const PENDING: StateLook = TASK_LOOKS.pending

export function GraphNodeFace({ data }: NodeProps<FaceNode>) {
  const look = data.status === null ? PENDING : TASK_LOOKS[data.status]
  const face = FACES[data.size]
  const edge = data.wrong ? 'border-bad' : data.critical ? 'border-accent' : 'border-line'
  return (
    <div className={`relative rounded-md border bg-surface px-2.5 ${face.box} ${edge}`}>
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
      <div className="flex items-baseline gap-1.5">
        {data.status !== null && (
          <span aria-hidden="true" className={`w-3 shrink-0 text-center ${TONE_TEXT[look.tone]}`}>
            {look.mark}
          </span>
        )}
        <span className={face.title}>{data.title}</span>
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
