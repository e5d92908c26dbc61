import { Field } from '../parts/field.tsx'
import type { FormProblem, RunForm } from './form.ts'

export type TextFieldProps = Readonly<{
  form: RunForm
  field: 'costUsd' | 'tokens' | 'minutes' | 'labels'
  label: string
  hint?: string
  advice?: string | undefined
  problems: readonly FormProblem[]
  set: (change: Partial<RunForm>) => void
}>

export const TextField = ({ form, field, label, hint, advice, problems, set }: TextFieldProps) => (
  <Field
    label={label}
    problem={problems.find((one) => one.field === field)?.message}
    advice={advice}
    {...(hint === undefined ? {} : { hint })}
  >
    {(props) => (
      <input
        {...props}
        className="control w-full aria-invalid:border-bad"
        inputMode={field === 'labels' ? 'text' : 'decimal'}
        value={form[field]}
        onChange={(event) => set({ [field]: event.target.value })}
      />
    )}
  </Field>
)
