import { useState } from 'react'
import { Field } from '../parts/field.tsx'

export type ParsedFieldProps<T> = Readonly<{
  label: string
  value: T
  hint?: string
  problem?: string | undefined
  show: (value: T) => string
  /** Null: not to be understood; it stays as it was typed, and the value as it was. */
  read: (text: string) => Readonly<{ meant: T }> | null
  onChange: (value: T) => void
  wanted: string
  list?: string
}>

/** A line of text that stands for a value: it is kept as it was typed for as long as it stands for the value. */
export function ParsedField<T>(props: ParsedFieldProps<T>) {
  const { label, value, hint, problem, show, read, onChange, wanted, list } = props
  const [typed, setTyped] = useState({ text: show(value), meant: value })
  const changedElsewhere = show(typed.meant) !== show(value)
  const text = changedElsewhere ? show(value) : typed.text
  const unread = !changedElsewhere && read(text) === null
  const type = (next: string): void => {
    const found = read(next)
    setTyped({ text: next, meant: found === null ? value : found.meant })
    if (found !== null) onChange(found.meant)
  }
  return (
    <Field label={label} problem={unread ? `Expected ${wanted}.` : problem} {...(hint === undefined ? {} : { hint })}>
      {(field) => (
        <input
          {...field}
          list={list}
          className="control w-full aria-invalid:border-bad"
          value={text}
          onChange={(event) => type(event.target.value)}
        />
      )}
    </Field>
  )
}
