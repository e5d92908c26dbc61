export type SelectProps = Readonly<{
  label: string
  /** Words for no choice; left out where there has to be one. */
  none?: string
  value: string
  options: readonly (readonly [value: string, words: string])[]
  onChange: (value: string) => void
}>

export const Select = ({ label, none, value, options, onChange }: SelectProps) => (
  <select aria-label={label} className="control" value={value} onChange={(event) => onChange(event.target.value)}>
    {none !== undefined && <option value="">{none}</option>}
    {options.map(([option, words]) => (
      <option key={option} value={option}>
        {words}
      </option>
    ))}
  </select>
)
