import { useEffect, useId, useState } from 'react'

const SETTLE_MS = 250

type SettledInputProps = Readonly<{
  label: string
  /** The label without one. */
  placeholder?: string
  value: string
  className: string
  valid?: (text: string) => boolean
  /** What is expected, said beneath while the text is not valid. */
  wanted?: string
  onSettled: (text: string) => void
}>

/** Tells its text once nobody has typed for a moment. */
export function SettledInput({
  label,
  placeholder = label,
  value,
  className,
  valid = () => true,
  wanted,
  onSettled,
}: SettledInputProps) {
  const [text, setText] = useState(value)
  const id = useId()
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
  const note = valid(text) ? undefined : wanted
  return (
    <div className={className}>
      <input
        type="search"
        aria-label={label}
        aria-invalid={!valid(text)}
        aria-describedby={note === undefined ? undefined : id}
        placeholder={placeholder}
        className="control w-full placeholder:text-muted aria-invalid:border-bad"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <p id={id} role="status" className="text-small text-bad empty:hidden">
        {note}
      </p>
    </div>
  )
}
