import { getRouteApi } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/select.tsx'
import { SettledInput } from '../parts/settled-input.tsx'
import { LabelInput, StateSelect } from './choice-inputs.tsx'
import { DAYS, narrows, readRunFilter, type RunFilter } from './filter.ts'

const route = getRouteApi('/')

/** Sets the filter in the address, so that it can be kept and sent. */
export function FilterBar({ filter }: Readonly<{ filter: RunFilter }>) {
  const navigate = route.useNavigate()
  const set = (change: Readonly<Record<string, unknown>>): void =>
    void navigate({ search: readRunFilter({ ...filter, ...change }), replace: true })
  return (
    <search className="flex flex-wrap items-center gap-2">
      <SettledInput
        label="Find in goals"
        className="w-56 max-sm:w-full"
        value={filter.q ?? ''}
        onSettled={(q) => set({ q })}
      />
      <StateSelect choice={filter} set={set} />
      <Select
        label="Created"
        none="Any time"
        value={String(filter.days ?? '')}
        options={DAYS.map((days) => [String(days), days === 1 ? 'Last day' : `Last ${days} days`])}
        onChange={(days) => set({ days: Number(days) })}
      />
      {filter.day !== undefined && <span className="text-muted">of {filter.day} (UTC)</span>}
      <LabelInput choice={filter} set={set} />
      {CHIPS.flatMap(({ key, words }) => {
        const value = filter[key]
        return value === undefined
          ? []
          : [<Chip key={key} text={`${words} ${value}`} onRemove={() => set({ [key]: undefined })} />]
      })}
      {narrows(filter) && <Button onClick={() => void navigate({ search: {} })}>Clear</Button>}
    </search>
  )
}

/** Parts of the filter that other pages lead here with. */
const CHIPS = [
  { key: 'type', words: 'type' },
  { key: 'mode', words: 'mode' },
  { key: 'agent', words: 'agent' },
  { key: 'model', words: 'model' },
  { key: 'error', words: 'error' },
  { key: 'and', words: 'and label' },
] as const satisfies readonly Readonly<{ key: keyof RunFilter; words: string }>[]

const Chip = ({ text, onRemove }: Readonly<{ text: string; onRemove: () => void }>) => (
  <button type="button" className="control flex max-w-full items-center gap-1.5" onClick={onRemove}>
    <span className="truncate">{text}</span>
    <span aria-hidden="true">×</span>
    <span className="sr-only">, take it away</span>
  </button>
)
