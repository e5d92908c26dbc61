import type { RequestAnalysis } from '@flotilla/client'
import { count, duration, percent, plural, usd } from '../format/quantities.ts'
import { requestType } from '../format/request-type.ts'
import { sentence } from '../format/sentence.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import type { PreflightState } from './use-preflight.ts'

/** What the planner would make of the request. */
export const Preflight = ({ state: { asked, asking, data, error } }: Readonly<{ state: PreflightState }>) => (
  <Section
    title="Before it starts"
    aside={
      <span role="status" className="text-small text-muted">
        {asking ? 'Analysing …' : data === undefined ? '' : `analysed by ${data.analysis.by}`}
      </span>
    }
  >
    <div className="min-h-40 px-3 py-2">
      {!asked && (
        <p className="text-muted">
          As you type, this shows what the request is taken for, what it may cost and how long it may take, and how it
          could be clearer.
        </p>
      )}
      {error !== null && <Problem error={error} what="The request could not be analysed." />}
      {data !== undefined && <Outlook data={data} />}
    </div>
  </Section>
)

function Outlook({ data }: Readonly<{ data: RequestAnalysis }>) {
  const { analysis, dispatch, coaching, analysisCost, alternatives } = data
  const { estimate } = analysis
  const guessed = dispatch.kind === 'generated'
  return (
    <div className="flex flex-col gap-3">
      <p>
        A <strong>{analysis.complexity}</strong> {requestType(analysis.type)} ({percent(analysis.confidence)} sure).
      </p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <Fact
          name="Tasks"
          value={`${guessed ? 'about ' : ''}${plural(estimate.tasks, 'task')}, ${estimate.parallelism} at a time`}
        />
        {guessed && (
          <dd className="col-start-2 -mt-1 text-small text-muted">
            A guess from the request: the model makes the plan, and may split it otherwise.
          </dd>
        )}
        <Fact name="Tokens" value={rangeText(estimate.tokens, count)} />
        <Fact name="Cost" value={rangeText(estimate.costUsd, usd)} />
        <Fact name="Duration" value={rangeText(estimate.seconds, (seconds) => duration(seconds * 1_000))} />
        {estimate.secondsBasis !== undefined && (
          <dd className="col-start-2 -mt-1 text-small text-muted">{sentence(estimate.secondsBasis)}</dd>
        )}
        <Fact name="Roles" value={analysis.roles.join(', ')} />
      </dl>
      <Notes title="To put it better" tone="text-warn" items={[...new Set([...analysis.warnings, ...coaching])]} />
      <Notes
        title="Understood as"
        items={analysis.requirements.map(({ text, source }) => (source === 'inferred' ? `${text} (inferred)` : text))}
      />
      <PlanAhead dispatch={dispatch} />
      <Drivers drivers={estimate.drivers ?? []} />
      <Alternatives models={alternatives} />
      {analysisCost.costUsd > 0 && <p className="text-muted">This analysis has cost {usd(analysisCost.costUsd)}.</p>}
    </div>
  )
}

/** An analysis says how a plan would be made; it is made when the run is created. */
const PlanAhead = ({ dispatch }: Readonly<{ dispatch: RequestAnalysis['dispatch'] }>) => (
  <div>
    <h3 className="font-semibold">The plan</h3>
    <p>{sentence(dispatch.reason)}</p>
    {dispatch.kind !== 'explicit' && (
      <p className="text-muted">
        It is made when the run is created. “Plan only, start later” shows it to you first, as a graph and as text, to
        be changed.
      </p>
    )}
  </div>
)

type Driver = NonNullable<RequestAnalysis['analysis']['estimate']['drivers']>[number]

const Drivers = ({ drivers }: Readonly<{ drivers: readonly Driver[] }>) =>
  drivers.length === 0 ? null : (
    <details>
      <summary className="font-semibold">What it is expected to take</summary>
      <DataTable
        label="What tokens and cost are expected for"
        rows={drivers}
        keyOf={({ what }) => what}
        columns={[
          { title: 'For', cell: ({ what }) => what },
          {
            title: 'Tokens',
            number: true,
            cell: ({ inputTokens, outputTokens }) => count(Math.round(inputTokens + outputTokens)),
          },
          { title: 'Cost', number: true, cell: ({ costUsd }) => usd(costUsd) },
        ]}
      />
    </details>
  )

const Alternatives = ({ models }: Readonly<{ models: RequestAnalysis['alternatives'] }>) =>
  models.length === 0 ? null : (
    <div>
      <h3 className="font-semibold">The same work with another model</h3>
      <dl className="grid grid-cols-[1fr_auto] gap-x-4">
        {models.map(({ model, costUsd }) => (
          <Fact key={model} name={model} value={`about ${usd(costUsd)}`} />
        ))}
      </dl>
    </div>
  )

type Range = RequestAnalysis['analysis']['estimate']['tokens']

const rangeText = (range: Range, text: (value: number) => string): string =>
  range.high === 0 ? text(0) : `about ${text(range.expected)} (${text(range.low)} to ${text(range.high)})`

const Fact = ({ name, value }: Readonly<{ name: string; value: string }>) => (
  <>
    <dt className="text-muted">{name}</dt>
    <dd>{value}</dd>
  </>
)

const Notes = ({ title, items, tone = '' }: Readonly<{ title: string; items: readonly string[]; tone?: string }>) =>
  items.length === 0 ? null : (
    <div>
      <h3 className={`font-semibold ${tone}`}>{title}</h3>
      <ul className="list-disc ps-5">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  )
