import { useState } from 'react'
import { SettledInput } from '../parts/settled-input.tsx'
import { isLabelKey, labelKeyOf } from './search.ts'

export type GroupSelectProps = Readonly<{
  label: string
  /** Words for no group at all; left out where there has to be one. */
  none?: string
  groups: Readonly<Record<string, string>>
  value: string | undefined
  onChange: (group: string) => void
}>

const LABEL = 'label'

/** What figures are told apart by: one of some, or a label, whose key is asked for beside it. */
export function GroupSelect({ label, none, groups, value = '', onChange }: GroupSelectProps) {
  const [asks, setAsks] = useState(false)
  const isLabel = isLabelKey(value)
  return (
    <>
      <select
        aria-label={label}
        className="control"
        value={isLabel || asks ? LABEL : value}
        onChange={(event) => {
          setAsks(event.target.value === LABEL)
          if (event.target.value !== LABEL) onChange(event.target.value)
        }}
      >
        {none !== undefined && <option value="">{none}</option>}
        {Object.entries(groups).map(([group, words]) => (
          <option key={group} value={group}>
            {none === undefined ? 'by' : 'Split by'} {words}
          </option>
        ))}
        <option value={LABEL}>{none === undefined ? 'by' : 'Split by'} label …</option>
      </select>
      {(isLabel || asks) && (
        <SettledInput
          label={`${label}: key of the label`}
          className="w-40"
          placeholder="Key, such as team"
          value={labelKeyOf(value)}
          valid={(key) => isLabelKey(`label:${key}`)}
          onSettled={(key) => onChange(`label:${key}`)}
        />
      )}
    </>
  )
}
