import { type PatchRunInput, type RunView } from '@flotilla/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { client } from '../api/client.ts'
import { amount } from '../format/amounts.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Problem } from '../parts/notice.tsx'
import { POLICIES, policyOf } from './policy-text.ts'
import { usedUpText, type BudgetLimit } from './used-up.ts'

const LIMITS = [
  { key: 'costUsd', label: 'US dollars' },
  { key: 'tokens', label: 'Tokens' },
  { key: 'toolCalls', label: 'Tool calls' },
  { key: 'seconds', label: 'Seconds, pauses not counted' },
] as const
type Limit = (typeof LIMITS)[number]['key']

/** Limits of a live run; an empty one is none. A run that its budget has paused goes on where its call fits now. */
export function BudgetDialog({ run, onClose }: Readonly<{ run: RunView; onClose: () => void }>) {
  const queries = useQueryClient()
  const [limits, setLimits] = useState(() => shownLimits(run))
  const save = useMutation({
    mutationFn: (input: PatchRunInput) => client.runs.patch(run.id, input),
    onSuccess: (changed) => {
      queries.setQueryData(['run', run.id], changed)
      onClose()
    },
  })
  const wrong = LIMITS.filter(({ key }) => limits[key].trim() !== '' && !(Number(limits[key]) >= 0))
  const follows = usedUpText(run.budget, typedLimits(limits))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (wrong.length === 0)
      save.mutate({ budget: Object.fromEntries(LIMITS.map(({ key }) => [key, limitOf(limits[key])])) })
  }
  return (
    <Dialog label="Budget of the run" onClose={onClose}>
      <form className="flex flex-col gap-3 p-4" onSubmit={submit}>
        <h2 className="text-lead">Budget</h2>
        <p className="text-muted">At most so much; nothing means no limit. What is under way is paid.</p>
        <p className="text-muted">{POLICIES[policyOf(run.budget)].says}</p>
        <div className="grid grid-cols-2 gap-2">
          {LIMITS.map(({ key, label }) => (
            <div key={key}>
              <label className="block">
                <span className="block text-muted">{label}</span>
                <input
                  className="control w-full aria-invalid:border-bad"
                  aria-describedby={`spent-${key}`}
                  inputMode="decimal"
                  aria-invalid={wrong.some((one) => one.key === key)}
                  value={limits[key]}
                  onChange={(event) => setLimits((before) => ({ ...before, [key]: event.target.value }))}
                />
              </label>
              <span id={`spent-${key}`} className="numeric block text-small text-muted">
                {amount(key, run.budget.spent[key])} spent
              </span>
            </div>
          ))}
        </div>
        {wrong.length > 0 && <p className="text-bad">Expected numbers, or nothing for no limit.</p>}
        <p role="status" className="text-warn empty:hidden">
          {follows}
        </p>
        {save.error !== null && <Problem error={save.error} what="The budget was not changed." of="write" />}
        <div className="flex gap-2">
          <Button type="submit" kind="primary" disabled={save.isPending}>
            Change the budget
          </Button>
          <Button onClick={onClose}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  )
}

const shownLimits = ({ budget }: RunView): Record<Limit, string> => ({
  costUsd: textOf(budget.limits['costUsd']),
  tokens: textOf(budget.limits['tokens']),
  toolCalls: textOf(budget.limits['toolCalls']),
  seconds: textOf(budget.limits['seconds']),
})

const typedLimits = (limits: Readonly<Record<Limit, string>>): BudgetLimit[] =>
  LIMITS.flatMap(({ key }) => {
    const limit = limitOf(limits[key])
    return limit === null || !(limit >= 0) ? [] : [{ dimension: key, limit }]
  })

const textOf = (limit: unknown): string => (typeof limit === 'number' ? String(limit) : '')
const limitOf = (text: string): number | null => (text.trim() === '' ? null : Number(text))
