import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'

/** What a task of a plan shows of itself while the plan is edited. */
export type PlanNodeData = Readonly<{
  index: number
  title: string
  note: string
  wrong: boolean
  picked: boolean
  locked: boolean
  /** What it is for those who do not see it drawn. */
  label: string
  onPick: (index: number) => void
}>
export type PlanNode = Node<PlanNodeData, 'task'>

export const PLAN_NODE_WIDTH = 188
export const PLAN_NODE_HEIGHT = 46

export function PlanNodeFace({ data }: NodeProps<PlanNode>) {
  const edge = data.wrong ? 'border-bad' : data.picked ? 'border-accent' : 'border-edge'
  return (
    <div
      className={`relative h-[46px] w-[188px] rounded-md border px-3 py-[2px] ${edge} ${data.picked ? 'bg-raised' : 'bg-surface'}`}
    >
      <button
        type="button"
        aria-label={data.label}
        aria-pressed={data.picked}
        data-task={data.index}
        onClick={() => data.onPick(data.index)}
        className="pointer-events-auto absolute inset-0 rounded-md"
      />
      <div className="flex items-center gap-1.5">
        {data.wrong && (
          <span aria-hidden="true" className="shrink-0 text-bad">
            !
          </span>
        )}
        <span className="truncate">{data.title}</span>
      </div>
      <div className="truncate text-small text-muted">{data.note}</div>
      <Handle type="target" position={Position.Left} isConnectable={!data.locked} className="z-10" />
      <Handle type="source" position={Position.Right} isConnectable={!data.locked} className="z-10" />
    </div>
  )
}
