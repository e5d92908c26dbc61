import { useId, type ReactNode } from 'react'

export type FieldProps = Readonly<{
  label: string
  problem?: string | undefined
  /** What may be wrong with it, and need not be. */
  advice?: string | undefined
  hint?: string
  children: (props: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode
}>

/** A labelled control with its hint or what is wrong with it beneath. */
export function Field({ label, problem, advice, hint, children }: FieldProps) {
  const id = useId()
  const note = problem ?? advice ?? hint
  const tone = problem !== undefined ? 'text-bad' : advice !== undefined ? 'text-warn' : 'text-muted'
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-0.5 block text-muted">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': note === undefined ? undefined : `${id}-note`,
        'aria-invalid': problem !== undefined,
      })}
      {note !== undefined && (
        <p id={`${id}-note`} className={`text-small ${tone}`}>
          {note}
        </p>
      )}
    </div>
  )
}
