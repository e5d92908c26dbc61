import { MODES, REQUEST_TYPES, RUN_STATUSES } from '@flotilla/domain'
import { getRouteApi } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { SettledInput } from '../parts/settled-input.tsx'
import { isLabel } from '../runs/filter.ts'
import { RUN_LOOKS } from '../state/tones.ts'
import { GroupSelect } from './group-select.tsx'
import { SPANS, SPLITS, readAnalytics, spanOf, type AnalyticsSearch } from './search.ts'

const route = getRouteApi('/analytics')

export function useAnalyticsSearch() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const set = (change: Readonly<Record<string, unknown>>): void =>
    void navigate({ search: readAnalytics({ ...search, ...change }), replace: true, resetScroll: false })
  return { search, set, navigate }
}

/** Which runs all figures are of, and what they are told apart by; in the address, so that it can be kept and sent. */
export function AnalyticsFilter() {
  const { search, set, navigate } = useAnalyticsSearch()
  return (
    <search className="flex flex-wrap items-center gap-2">
      <Select
        label="Time"
        value={String(spanOf(search))}
        options={SPANS.map((days) => [String(days), `Last ${days} days`])}
        onChange={(days) => set({ days: Number(days) })}
      />
      <Select
        label="State"
        none="Any state"
        value={search.status ?? ''}
        options={[['live', 'Not ended'], ...RUN_STATUSES.map((status) => [status, RUN_LOOKS[status].label] as const)]}
        onChange={(status) => set({ status })}
      />
      <Select
        label="Type"
        none="Any type"
        value={search.type ?? ''}
        options={REQUEST_TYPES.map((type) => [type, type.replace('_', ' ')])}
        onChange={(type) => set({ type })}
      />
      <Select
        label="Mode"
        none="Any mode"
        value={search.mode ?? ''}
        options={MODES.map((mode) => [mode, mode])}
        onChange={(mode) => set({ mode })}
      />
      <SettledInput
        label="Label, as key:value"
        className="w-40"
        value={search.label ?? ''}
        valid={(text) => text === '' || isLabel(text)}
        wanted="Expected key:value, such as team:platform"
        onSettled={(label) => set({ label })}
      />
      <GroupSelect
        label="Split by"
        none="Not split"
        groups={SPLITS}
        value={search.split}
        onChange={(split) => set({ split })}
      />
      {isNarrow(search) && <Button onClick={() => void navigate({ search: {}, resetScroll: false })}>Clear</Button>}
    </search>
  )
}

const isNarrow = ({ days: _days, use: _use, ...rest }: AnalyticsSearch): boolean => Object.keys(rest).length > 0

type SelectProps = Readonly<{
  label: string
  none?: string
  value: string
  options: readonly (readonly [value: string, words: string])[]
  onChange: (value: string) => void
}>

const Select = ({ label, none, value, options, onChange }: SelectProps) => (
  <select aria-label={label} className="control" value={value} onChange={(event) => onChange(event.target.value)}>
    {none !== undefined && <option value="">{none}</option>}
    {options.map(([option, words]) => (
      <option key={option} value={option}>
        {words}
      </option>
    ))}
  </select>
)
