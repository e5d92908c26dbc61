import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { EMPTY_AGENT, problemsOf, type AgentFields } from './agent-fields.ts'
import { LeaveDialog } from './leave-dialog.tsx'
import { ToolChoice } from './tool-choice.tsx'

export type AgentFormProps = Readonly<{
  start: AgentFields
  verb: string
  busy: boolean
  error: unknown
  /** What is in the form has been saved just now. */
  saved: boolean
  /** Beside the button, while nothing is changed. */
  note?: string
  onSave: (fields: AgentFields) => void
}>

const fieldNames = Object.keys(EMPTY_AGENT) as (keyof AgentFields)[]
type TextName = Exclude<keyof AgentFields, 'enabled' | 'tools'>
const TEXTS: readonly Readonly<{ name: TextName; label: string; hint?: string }>[] = [
  { name: 'name', label: 'Name' },
  { name: 'role', label: 'Role', hint: 'Lower-case letters, digits and "-": the @role of plans.' },
  { name: 'description', label: 'What it does' },
  { name: 'capabilities', label: 'Capabilities', hint: 'Separated by commas; selection compares them with the task.' },
  { name: 'model', label: 'Model', hint: 'Such as anthropic:NAME; empty for the system’s.' },
  { name: 'maxTurns', label: 'Turns at most' },
  { name: 'maxOutputTokens', label: 'Tokens of an answer at most' },
]

/** The editor; saving makes a version, and tasks that are under way keep theirs. */
export function AgentForm({ start, verb, busy, error, saved, note = '', onSave }: AgentFormProps) {
  const [fields, setFields] = useState(start)
  const dirty = !saved && fieldNames.some((name) => fields[name] !== start[name])
  const problems = problemsOf(error)
  const set = (change: Partial<AgentFields>): void => setFields((before) => ({ ...before, ...change }))
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        onSave(fields)
      }}
    >
      <Inputs fields={fields} problems={problems} set={set} />
      {error !== null && problems.size === 0 && <Problem error={error} what="The agent was not saved." of="write" />}
      <div className="flex items-center gap-3">
        <Button type="submit" kind="primary" disabled={busy}>
          {verb}
        </Button>
        <p role="status" className={problems.size > 0 ? 'text-bad' : 'text-muted'}>
          {problems.size > 0 ? 'Not saved: see the marked fields.' : dirty ? 'Not saved yet.' : note}
        </p>
      </div>
      <LeaveDialog dirty={dirty && !busy} />
    </form>
  )
}

type InputsProps = Readonly<{
  fields: AgentFields
  problems: ReadonlyMap<keyof AgentFields, string>
  set: (change: Partial<AgentFields>) => void
}>

const Inputs = ({ fields, problems, set }: InputsProps) => (
  <Section title="Agent">
    <div className="grid gap-3 p-3 sm:grid-cols-2">
      {TEXTS.map(({ name, label, hint }) => (
        <Field key={name} label={label} problem={problems.get(name)} {...(hint === undefined ? {} : { hint })}>
          {(props) => (
            <input
              {...props}
              className="control w-full"
              value={fields[name]}
              onChange={(event) => set({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={fields.enabled} onChange={(event) => set({ enabled: event.target.checked })} />
        May be picked for tasks
      </label>
    </div>
    <div className="border-t border-line p-3">
      <ToolChoice value={fields.tools} problem={problems.get('tools')} onChange={(tools) => set({ tools })} />
    </div>
    <div className="border-t border-line p-3">
      <Field label="Instructions of the agent" hint="They come before the task in every prompt.">
        {(props) => (
          <textarea
            {...props}
            rows={10}
            className="field resize-y"
            value={fields.systemPrompt}
            onChange={(event) => set({ systemPrompt: event.target.value })}
          />
        )}
      </Field>
    </div>
  </Section>
)
