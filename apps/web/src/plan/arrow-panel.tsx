import type { PlanInput } from '@flotilla/domain'
import { Button } from '../parts/button.tsx'
import { nameOf } from './plan-flaws.ts'

export type ArrowPanelProps = Readonly<{ plan: PlanInput; from: number; to: number; onDelete: () => void }>

export const ArrowPanel = ({ plan, from, to, onDelete }: ArrowPanelProps) => (
  <div className="flex flex-col items-start gap-2">
    <h3 className="font-semibold">An arrow</h3>
    <p className="[overflow-wrap:anywhere]">
      “{nameOf(plan.tasks[to])}” begins when “{nameOf(plan.tasks[from])}” is done, and is given what it has put out.
    </p>
    <Button onClick={onDelete}>Take the arrow away</Button>
    <p className="text-muted">Or pull one of its ends to another task, or to nowhere.</p>
  </div>
)
