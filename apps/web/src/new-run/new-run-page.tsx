import { ProblemError, ServerUnreachableError } from '@flotilla/client'
import type { Issue } from '@flotilla/domain'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { useContact } from '../api/contact.ts'
import { newKey } from '../api/idempotency.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { POLICIES } from '../run/policy-text.ts'
import { DocumentDrop } from './document-drop.tsx'
import { useDraft } from './draft.ts'
import { TextField } from './fields.tsx'
import { formProblems, placeIssues, requestOf, standingProblems, type FormProblem, type RunForm } from './form.ts'
import { OwnPlan, type SetForm } from './own-plan.tsx'
import { limitAdvice, type Estimate } from './limit-advice.ts'
import { Preflight } from './preflight.tsx'
import { usePreflight } from './use-preflight.ts'

/** Creates a run, with what it will be like beside the form. */
export default function NewRunPage() {
  const { form, setForm, forget } = useDraft()
  const [tries, setTries] = useState(0)
  const [refusedFiles, setRefusedFiles] = useState<readonly string[]>([])
  const preflight = usePreflight(form)
  const create = useCreate(forget)
  const refused = refusalOf(create.error, create.variables?.form)
  const problems = [
    ...formProblems(form).filter(({ field }) => tries > 0 || (field === 'goal' && form.goal !== '')),
    ...(tries > 0 && refusedFiles.length > 0 ? [REFUSED_FILES] : []),
    ...standingProblems(refused.problems, create.variables?.form ?? form, form),
  ]
  const root = useFocusOnWrong(tries, create.error)
  const submit = (start: boolean): void => {
    setTries((before) => before + 1)
    if (formProblems(form).length === 0 && refusedFiles.length === 0) create.mutate({ form, start })
  }
  const set = (change: Partial<RunForm>): void => setForm((before) => ({ ...before, ...change }))
  return (
    <Page title="New run">
      <form
        ref={root}
        noValidate
        className="grid items-start gap-3 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"
        onSubmit={(event) => {
          event.preventDefault()
          submit(true)
        }}
      >
        <div className="flex min-w-0 flex-col gap-3">
          <Request {...{ form, set, setForm, problems, refusedFiles, setRefusedFiles }} />
          <Limits form={form} set={set} problems={problems} estimate={preflight.data?.analysis.estimate} />
        </div>
        {/* What it says changes with the plan: were the row as high as that, the editor beneath would move under the hand. */}
        <div className="min-w-0 max-lg:order-last lg:relative lg:self-stretch">
          <div
            tabIndex={0}
            role="group"
            aria-label="Preflight"
            className="lg:absolute lg:inset-0 lg:overflow-y-auto lg:rounded-md lg:[&>section]:min-h-full"
          >
            <Preflight state={preflight} />
          </div>
        </div>
        <div className="flex min-w-0 flex-col gap-3 lg:col-span-2">
          <OwnPlan form={form} setForm={setForm} problem={problemOf(problems, 'plan')} />
          <NotCreated error={create.error} elsewhere={refused.elsewhere} />
          <Starts busy={create.isPending} problem={problems[0]?.message ?? ''} onPlanOnly={() => submit(false)} />
        </div>
      </form>
    </Page>
  )
}

const Starts = ({
  busy,
  problem,
  onPlanOnly,
}: Readonly<{ busy: boolean; problem: string; onPlanOnly: () => void }>) => (
  <div className="flex flex-wrap items-center gap-2">
    <Button type="submit" kind="primary" disabled={busy}>
      Start the run
    </Button>
    <Button disabled={busy} onClick={onPlanOnly}>
      Plan only, start later
    </Button>
    <span role="status" className="text-bad">
      {problem}
    </span>
  </div>
)

/** Without documents that were meant to be there the run would be another one. */
const REFUSED_FILES: FormProblem = {
  field: 'documents',
  message: 'What was refused is no document of the run: press ✕ beside it to go on without it.',
}

/** A request without an answer may have been taken; its key makes it safe to send it once more. */
function NotCreated({ error, elsewhere }: Readonly<{ error: Error | null; elsewhere: readonly Issue[] }>) {
  const { lostAt } = useContact()
  if (error === null) return null
  const unanswered = error instanceof ServerUnreachableError
  const refused = error instanceof ProblemError && error.status === 503
  if (lostAt === null && (unanswered || refused))
    return (
      <p role="status" className="panel px-4 py-3">
        The server answers again.{' '}
        {refused
          ? 'The run was not created; start it once more.'
          : 'No answer came to your request, so the run may have been created or not. Start it once more, unchanged: that makes no second one.'}
      </p>
    )
  return (
    <Problem
      error={error}
      advice={unanswered ? NOT_SENT_AGAIN : null}
      of="write"
      issues={elsewhere}
      what={
        unanswered
          ? 'The run was not created, or its answer did not come. Nothing that you typed is lost.'
          : 'The run was not created. Nothing is lost.'
      }
    />
  )
}

const NOT_SENT_AGAIN =
  'The server does not answer, and the run is not sent again by itself. Once the server answers, start it once more, unchanged: that makes no second one.'

/** The same request again, after an answer that did not come, is the same run. */
function useCreate(forget: () => void) {
  const navigate = useNavigate()
  const sent = useRef<Readonly<{ body: string; key: string }> | null>(null)
  return useMutation({
    mutationFn: ({ form, start }: Readonly<{ form: RunForm; start: boolean }>) => {
      const input = requestOf(form, start)
      const body = JSON.stringify(input)
      if (sent.current?.body !== body) sent.current = { body, key: newKey() }
      return client.runs.create(input, { idempotencyKey: sent.current.key })
    },
    onSuccess: (run) => {
      forget()
      void navigate({ to: '/runs/$runId', params: { runId: run.id } })
    },
  })
}

/** What the server found wrong, at the fields of the form that it was sent. */
const refusalOf = (error: Error | null, sent: RunForm | undefined): ReturnType<typeof placeIssues> =>
  error instanceof ProblemError && sent !== undefined
    ? placeIssues(error.problem.errors ?? [], sent)
    : { problems: [], elsewhere: [] }

/** After each try, and each refusal, the focus is on the first field that is wrong. */
function useFocusOnWrong(tries: number, error: Error | null) {
  const root = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (tries === 0) return
    const first = root.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-wrong]')
    const folded = first?.closest('details')
    if (folded) folded.open = true
    first?.focus()
  }, [tries, error])
  return root
}

const problemOf = (problems: readonly FormProblem[], field: keyof RunForm): string | undefined =>
  problems.find((one) => one.field === field)?.message

type PartProps = Readonly<{ form: RunForm; set: (change: Partial<RunForm>) => void; problems: readonly FormProblem[] }>

type RequestProps = PartProps &
  Readonly<{
    setForm: SetForm
    refusedFiles: readonly string[]
    setRefusedFiles: (refused: readonly string[]) => void
  }>

function Request({ form, set, setForm, problems, refusedFiles, setRefusedFiles }: RequestProps) {
  return (
    <Section title="What is to be done">
      <div className="flex flex-col gap-3 p-3">
        <Field
          label="Goal"
          problem={problemOf(problems, 'goal')}
          hint="What you want at the end, for whom, and what it must contain."
        >
          {(props) => (
            <textarea
              {...props}
              autoFocus
              rows={5}
              className="field resize-y text-lead aria-invalid:border-bad"
              value={form.goal}
              onChange={(event) => set({ goal: event.target.value })}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit()
              }}
            />
          )}
        </Field>
        <DocumentDrop
          problem={problemOf(problems, 'documents')}
          documents={form.documents}
          refused={refusedFiles}
          onRefused={setRefusedFiles}
          onChange={(change) => setForm((before) => ({ ...before, documents: change(before.documents) }))}
        />
      </div>
    </Section>
  )
}

const LIMITS = [
  { field: 'costUsd', label: 'At most US dollars' },
  { field: 'tokens', label: 'At most tokens' },
  { field: 'minutes', label: 'At most minutes' },
] as const

type LimitsProps = PartProps & Readonly<{ estimate: Estimate | undefined }>

const Limits = ({ form, set, problems, estimate }: LimitsProps) => (
  <Section title="Limits and labels">
    <div className="grid gap-x-3 gap-y-2 p-3 sm:grid-cols-3">
      {LIMITS.map(({ field, label }) => (
        <TextField key={field} advice={limitAdvice(form, field, estimate)} {...{ label, field, form, set, problems }} />
      ))}
      <Field label="Where a limit is reached" problem={problemOf(problems, 'onExceeded')}>
        {(props) => (
          <select
            {...props}
            className="control w-full"
            value={form.onExceeded}
            onChange={(event) => set({ onExceeded: event.target.value as RunForm['onExceeded'] })}
          >
            {Object.entries(POLICIES).map(([policy, { name }]) => (
              <option key={policy} value={policy}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Tasks" problem={problemOf(problems, 'mode')}>
        {(props) => (
          <select
            {...props}
            className="control w-full"
            value={form.mode}
            onChange={(event) => set({ mode: event.target.value as RunForm['mode'] })}
          >
            <option value="parallel">side by side</option>
            <option value="sequential">one after the other</option>
          </select>
        )}
      </Field>
      <Field label="Priority, 9 is first" problem={problemOf(problems, 'priority')}>
        {(props) => (
          <select
            {...props}
            className="control w-full"
            value={form.priority}
            onChange={(event) => set({ priority: Number(event.target.value) })}
          >
            {Array.from({ length: 10 }, (_, i) => (
              <option key={i}>{i}</option>
            ))}
          </select>
        )}
      </Field>
      <p className="text-small text-muted sm:col-span-3">{POLICIES[form.onExceeded].says}</p>
      <div className="sm:col-span-3">
        <TextField label="Labels" field="labels" hint="Such as team:infra, quarter:q4" {...{ form, set, problems }} />
      </div>
    </div>
  </Section>
)
