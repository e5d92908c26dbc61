import { useEffect, useState } from 'react'

const SETTLE_MS = 250

type SettledInputProps = Readonly<{
  label: string
  /** The label without one. */
  placeholder?: string
  value: string
  className: string
  valid?: (text: string) => boolean
  onSettled: (text: string) => void
}>

/** Tells its text once nobody has typed for a moment. */
export function SettledInput({
  label,
  placeholder = label,
  value,
  className,
  valid = () => true,
  onSettled,
}: SettledInputProps) {
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
      placeholder={placeholder}
      className={`control placeholder:text-muted aria-invalid:border-bad ${className}`}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  )
}
