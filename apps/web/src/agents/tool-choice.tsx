import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { listOf } from './agent-fields.ts'

type ToolChoiceProps = Readonly<{
  /** Separated by commas. */
  value: string
  /** What the server says is wrong with them. */
  problem: string | undefined
  onChange: (value: string) => void
}>

/** The tools that there are, to be ticked; one that the agent has and nobody knows stays until it is taken away. */
export function ToolChoice({ value, problem, onChange }: ToolChoiceProps) {
  const { data } = useQuery({
    queryKey: ['tools'],
    queryFn: ({ signal }) => client.tools({ signal }),
    staleTime: 60_000,
  })
  const chosen = listOf(value)
  const known = data?.items ?? []
  const names = new Set(known.map(({ name }) => name))
  const others = chosen.filter((name) => !names.has(name))
  const set = (name: string, on: boolean): void => {
    const wanted = new Set(on ? [...chosen, name] : chosen.filter((one) => one !== name))
    onChange([...names, ...others].filter((one) => wanted.has(one)).join(', '))
  }
  return (
    <fieldset className="min-w-0" aria-describedby={problem === undefined ? undefined : 'tools-problem'}>
      <legend className="mb-0.5 text-muted">Tools</legend>
      {known.map(({ name, description, retry }) => (
        <Choice key={name} name={name} on={chosen.includes(name)} onSet={set}>
          {description}
          {retry === 'unsafe' && ' A call of it cannot be taken back.'}
        </Choice>
      ))}
      {others.map((name) => (
        <Choice key={name} name={name} on onSet={set}>
          {data !== undefined && <span className="text-bad">No tool has this name: take it away.</span>}
        </Choice>
      ))}
      {problem !== undefined && (
        <p id="tools-problem" className="text-small text-bad [overflow-wrap:anywhere]">
          {problem}
        </p>
      )}
    </fieldset>
  )
}

type ChoiceProps = Readonly<{
  name: string
  on: boolean
  onSet: (name: string, on: boolean) => void
  children: ReactNode
}>

const Choice = ({ name, on, onSet, children }: ChoiceProps) => (
  <label className="flex items-start gap-2 py-0.5">
    <input type="checkbox" className="mt-1" checked={on} onChange={(event) => onSet(name, event.target.checked)} />
    <span className="min-w-0 [overflow-wrap:anywhere]">
      <code>{name}</code> <span className="text-small text-muted">{children}</span>
    </span>
  </label>
)
