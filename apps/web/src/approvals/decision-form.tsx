import type { ApprovalView, OutcomeDecision } from '@flotilla/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/notice.tsx'

const CHOICES: readonly Readonly<{ decision: OutcomeDecision; label: string; means: string }>[] = [
  { decision: 'happened', label: 'It happened', means: 'the task goes on with its result' },
  { decision: 'repeat', label: 'Make it again', means: 'once more, under the same effect id' },
  { decision: 'skip', label: 'Go on without it', means: 'as if it had failed' },
]

/** A decision is made once and not changed. */
export function DecisionForm({ approval }: Readonly<{ approval: ApprovalView }>) {
  const queries = useQueryClient()
  const [result, setResult] = useState('')
  const [comment, setComment] = useState('')
  const decide = useMutation({
    mutationFn: (decision: OutcomeDecision) =>
      client.approvals.decide(approval.id, {
        decision,
        result: decision === 'happened' && result.trim() !== '' ? result : null,
        comment: comment.trim() === '' ? null : comment.trim(),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
  })
  return (
    <div className="flex flex-col gap-2">
      <div className="grid gap-2 sm:grid-cols-2">
        <Field label="What it answered, if it happened and you know">
          {(props) => (
            <input {...props} className="control w-full" value={result} onChange={(e) => setResult(e.target.value)} />
          )}
        </Field>
        <Field label="Comment">
          {(props) => (
            <input {...props} className="control w-full" value={comment} onChange={(e) => setComment(e.target.value)} />
          )}
        </Field>
      </div>
      <ul className="flex flex-wrap gap-x-4 gap-y-2">
        {CHOICES.map(({ decision, label, means }) => (
          <li key={decision} className="flex items-center gap-2">
            <Button disabled={decide.isPending} onClick={() => decide.mutate(decision)}>
              {label}
            </Button>
            <span className="text-small text-muted">{means}</span>
          </li>
        ))}
      </ul>
      <p className="text-small text-muted">Without a decision it is skipped at {fullTime(approval.expiresAt)}.</p>
      {decide.error !== null && <Problem error={decide.error} what="That could not be decided." of="write" />}
    </div>
  )
}
