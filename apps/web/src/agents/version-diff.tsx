import { changedFields, type AgentDefinition, type AgentField } from '@flotilla/domain'
import { lineDiff, type DiffLine } from './line-diff.ts'

export const FIELD_LABELS: Readonly<Record<AgentField, string>> = {
  name: 'Name',
  role: 'Role',
  description: 'What it does',
  capabilities: 'Capabilities',
  model: 'Model',
  modelSettings: 'Settings of the model',
  tools: 'Tools',
  maxTurns: 'Turns at most',
  maxOutputTokens: 'Tokens of an answer at most',
  enabled: 'May be picked for tasks',
  systemPrompt: 'Instructions of the agent',
}

type VersionDiffProps = Readonly<{ before: AgentDefinition; after: AgentDefinition }>

/** What became of each field that differs: lines that went, and lines that came. */
export const VersionDiff = ({ before, after }: VersionDiffProps) => (
  <dl className="flex flex-col gap-2">
    {changedFields(before, after).map((field) => (
      <div key={field}>
        <dt className="text-small text-muted">{FIELD_LABELS[field]}</dt>
        <dd>
          <Lines label={FIELD_LABELS[field]} lines={lineDiff(textOf(before[field]), textOf(after[field]))} />
        </dd>
      </div>
    ))}
  </dl>
)

/** A list has a line for each of its entries, so that what came and went stands by itself. */
function textOf(value: AgentDefinition[AgentField]): string {
  if (Array.isArray(value)) return value.join('\n')
  if (typeof value === 'object' && value !== null) return JSON.stringify(value, null, 2)
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value ?? 'the system’s')
}

const LOOKS: Readonly<Record<DiffLine['kind'], Readonly<{ sign: string; said: string; look: string }>>> = {
  same: { sign: ' ', said: '', look: 'text-muted' },
  removed: { sign: '−', said: 'removed: ', look: 'text-bad' },
  added: { sign: '+', said: 'added: ', look: 'text-good' },
}

const Lines = ({ label, lines }: Readonly<{ label: string; lines: readonly DiffLine[] }>) => (
  <div
    tabIndex={0}
    role="group"
    aria-label={label}
    className="max-h-80 overflow-auto rounded-control bg-raised px-2 py-1 font-mono text-small whitespace-pre-wrap [overflow-wrap:anywhere]"
  >
    {lines.map(({ kind, text }, i) => (
      <div key={i} className={`flex gap-2 ${LOOKS[kind].look}`}>
        <span aria-hidden="true" className="w-2 shrink-0">
          {LOOKS[kind].sign}
        </span>
        <span className="min-w-0">
          <span className="sr-only">{LOOKS[kind].said}</span>
          {text}
        </span>
      </div>
    ))}
  </div>
)
