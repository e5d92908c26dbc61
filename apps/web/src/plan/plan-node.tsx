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
  size: PlanSize
  onPick: (index: number) => void
}>
export type PlanNode = Node<PlanNodeData, 'task'>

/** How large nodes are drawn, and how far apart; on a narrow screen narrower and higher, so that more columns can be read. */
export const PLAN_SIZES = {
  roomy: { width: 188, height: 46, columnPx: 188 + 64, rowPx: 46 + 18 },
  compact: { width: 132, height: 62, columnPx: 132 + 44, rowPx: 62 + 16 },
} as const
export type PlanSize = keyof typeof PLAN_SIZES

/** Whole class names, so that the style sheet has them. */
const FACES: Readonly<Record<PlanSize, Readonly<{ box: string; title: string }>>> = {
  roomy: { box: 'h-[46px] w-[188px] px-3 py-[2px]', title: 'truncate' },
  compact: { box: 'h-[62px] w-[132px] px-2.5 py-1', title: 'line-clamp-2 h-9 leading-[18px]' },
}

export function PlanNodeFace({ data }: NodeProps<PlanNode>) {
  const edge = data.wrong ? 'border-bad' : data.picked ? 'border-accent' : 'border-edge'
  const face = FACES[data.size]
  return (
    <div className={`relative rounded-md border ${face.box} ${edge} ${data.picked ? 'bg-raised' : 'bg-surface'}`}>
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
        <span className={face.title}>{data.title}</span>
      </div>
      <div className="truncate text-small text-muted">{data.note}</div>
      <Handle type="target" position={Position.Left} isConnectable={!data.locked} className="z-10" />
      <Handle type="source" position={Position.Right} isConnectable={!data.locked} className="z-10" />
    </div>
  )
}
