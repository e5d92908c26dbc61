import { RUN_STATUSES } from '@flotilla/domain'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { RUN_LOOKS } from '../state/tones.ts'
import { DAYS, isLabel, readRunFilter, type RunFilter } from './filter.ts'

const route = getRouteApi('/')
const SETTLE_MS = 250

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
        onSettled={(label) => set({ label })}
      />
      {Object.keys(filter).length > 0 && <Button onClick={() => void navigate({ search: {} })}>Clear</Button>}
    </search>
  )
}

type SettledInputProps = Readonly<{
  label: string
  value: string
  className: string
  valid?: (text: string) => boolean
  onSettled: (text: string) => void
}>

/** Tells its text once nobody has typed for a moment. */
function SettledInput({ label, value, className, valid = () => true, onSettled }: SettledInputProps) {
  const [text, setText] = useState(value)
  const [told, setTold] = useState(value)
  // The address has changed otherwise: by the back button, or by Clear.
  if (value !== told) {
    setTold(value)
    setText(value)
  }
  useEffect(() => {
    if (text.trim() === told || !valid(text)) return undefined
    const timer = setTimeout(() => {
      setTold(text.trim())
      onSettled(text.trim())
    }, SETTLE_MS)
    return () => clearTimeout(timer)
  })
  return (
    <input
      type="search"
      aria-label={label}
      aria-invalid={!valid(text)}
      placeholder={label}
      className={`control placeholder:text-muted aria-invalid:border-bad ${className}`}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  )
}
