import { MODES, REQUEST_TYPES } from '@flotilla/domain'
import { getRouteApi } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/select.tsx'
import { LabelInput, StateSelect } from '../runs/choice-inputs.tsx'
import { narrows } from '../runs/filter.ts'
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
      <StateSelect choice={search} set={set} />
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
      <LabelInput choice={search} set={set} />
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

const isNarrow = ({ days: _days, use: _use, ...rest }: AnalyticsSearch): boolean => narrows(rest)
