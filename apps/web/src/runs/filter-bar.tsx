import { RUN_STATUSES } from '@flotilla/domain'
import { getRouteApi } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { SettledInput } from '../parts/settled-input.tsx'
import { RUN_LOOKS } from '../state/tones.ts'
import { DAYS, isLabel, readRunFilter, type RunFilter } from './filter.ts'

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
      <select
        aria-label="State"
        className="control"
        value={filter.status ?? ''}
        onChange={(event) => set({ status: event.target.value })}
      >
        <option value="">Any state</option>
        <option value="live">Not ended</option>
        {RUN_STATUSES.map((status) => (
          <option key={status} value={status}>
            {RUN_LOOKS[status].label}
          </option>
        ))}
      </select>
      <select
        aria-label="Created"
        className="control"
        value={filter.days ?? ''}
        onChange={(event) => set({ days: Number(event.target.value) })}
      >
        <option value="">Any time</option>
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {days === 1 ? 'Last day' : `Last ${days} days`}
          </option>
        ))}
      </select>
      {filter.day !== undefined && <span className="text-muted">of {filter.day} (UTC)</span>}
      <SettledInput
        label="Label, as key:value"
        className="w-40"
        value={filter.label ?? ''}
        valid={(text) => text === '' || isLabel(text)}
        wanted="Expected key:value, such as team:platform"
        onSettled={(label) => set({ label })}
      />
      {CHIPS.flatMap(({ key, words }) => {
        const value = filter[key]
        return value === undefined
          ? []
          : [<Chip key={key} text={`${words} ${value}`} onRemove={() => set({ [key]: undefined })} />]
      })}
      {Object.keys(filter).length > 0 && <Button onClick={() => void navigate({ search: {} })}>Clear</Button>}
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
