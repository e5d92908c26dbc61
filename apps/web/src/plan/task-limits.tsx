import { DEFAULT_MAX_ATTEMPTS, DEFAULT_TIMEOUT_SECONDS, type BudgetLimits, type PlanTaskInput } from '@flotilla/domain'
import { plural } from '../format/quantities.ts'
import { criterionText } from './criterion-text.ts'
import { ParsedField } from './plan-fields.tsx'

export type TaskLimitsProps = Readonly<{
  task: PlanTaskInput
  problemOf: (field: string) => string | undefined
  set: (change: Partial<PlanTaskInput>, what: string) => void
}>

/** What most tasks leave as it is; it opens by itself where something of it is wrong. */
export function TaskLimits({ task, problemOf, set }: TaskLimitsProps) {
  const wrong = ['key', 'type', 'tools', 'verify', 'timeoutSeconds', 'maxAttempts', 'budget'].some(
    (field) => problemOf(field) !== undefined,
  )
  return (
    <details open={wrong || undefined} className="border-t border-line pt-2">
      <summary className="text-muted">Key, tools, criteria and limits</summary>
      <div className="mt-2 flex flex-col gap-2.5">
        <div className="grid grid-cols-2 gap-2.5">
          <Line label="Key" value={task.key} problem={problemOf('key')} onChange={(key) => set({ key }, 'key')} />
          <Line
            label="Type"
            value={task.type ?? ''}
            problem={problemOf('type')}
            onChange={(type) => set({ type: type === '' ? undefined : type }, 'type')}
          />
        </div>
        <ParsedField
          label="Tools"
          hint="Separated by commas; empty for those of the agent."
          value={task.tools ?? []}
          problem={problemOf('tools')}
          show={(tools) => tools.join(', ')}
          read={(text) => ({ meant: listOf(text) })}
          wanted="names of tools"
          onChange={(tools) => set({ tools: tools.length === 0 ? undefined : tools }, 'tools')}
        />
        <div className="grid grid-cols-2 gap-2.5">
          <Amount
            label="Attempts at most"
            value={task.maxAttempts}
            usual={DEFAULT_MAX_ATTEMPTS}
            problem={problemOf('maxAttempts')}
            onChange={(maxAttempts) => set({ maxAttempts }, 'maxAttempts')}
          />
          <Amount
            label="Seconds of one attempt"
            value={task.timeoutSeconds}
            usual={DEFAULT_TIMEOUT_SECONDS}
            problem={problemOf('timeoutSeconds')}
            onChange={(timeoutSeconds) => set({ timeoutSeconds }, 'timeoutSeconds')}
          />
          {LIMITS.map(({ limit, label }) => (
            <Amount
              key={limit}
              label={label}
              value={task.budget?.[limit]}
              usual={null}
              problem={limit === 'tokens' ? problemOf('budget') : undefined}
              onChange={(value) => set({ budget: withLimit(task.budget, limit, value) }, limit)}
            />
          ))}
        </div>
        <Criteria task={task} problem={problemOf('verify')} />
      </div>
    </details>
  )
}

const LIMITS = [
  { limit: 'tokens', label: 'Tokens at most' },
  { limit: 'costUsd', label: 'US dollars at most' },
] as const

function withLimit(
  budget: BudgetLimits | null | undefined,
  limit: 'tokens' | 'costUsd',
  value: number | undefined,
): BudgetLimits | null {
  const { [limit]: _, ...rest } = budget ?? {}
  const limits = value === undefined ? rest : { ...rest, [limit]: value }
  return Object.keys(limits).length === 0 ? null : limits
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

type LineProps = Readonly<{
  label: string
  value: string
  problem: string | undefined
  onChange: (value: string) => void
}>
const Line = (props: LineProps) => (
  <ParsedField {...props} show={(text) => text} read={(text) => ({ meant: text.trim() })} wanted="a text" />
)

type AmountProps = Readonly<{
  label: string
  value: number | undefined
  /** What holds where nothing is said. */
  usual: number | null
  problem: string | undefined
  onChange: (value: number | undefined) => void
}>
const Amount = ({ usual, ...props }: AmountProps) => (
  <ParsedField
    {...props}
    show={(value) => (value === undefined ? '' : String(value))}
    read={readAmount}
    wanted={usual === null ? 'a number, or nothing' : `a number, or nothing for ${usual}`}
  />
)

function readAmount(text: string): Readonly<{ meant: number | undefined }> | null {
  if (text.trim() === '') return { meant: undefined }
  return Number.isFinite(Number(text)) ? { meant: Number(text) } : null
}

function Criteria({ task, problem }: Readonly<{ task: PlanTaskInput; problem: string | undefined }>) {
  const criteria = task.verify ?? []
  return (
    <div>
      <p className="text-muted">Criteria of its output</p>
      <ul className="list-disc ps-5 [overflow-wrap:anywhere]">
        {criteria.map((criterion) => (
          <li key={JSON.stringify(criterion)}>{criterionText(criterion)}</li>
        ))}
      </ul>
      <p className={`text-small ${problem === undefined ? 'text-muted' : 'text-bad'}`}>
        {problem ??
          `${criteria.length === 0 ? 'None' : plural(criteria.length, 'criterion', 'criteria')}; JSON has a place to write them (“verify”).`}
      </p>
    </div>
  )
}
