import type { ErrorCode, Mode, RequestType, RunStatus } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import { json } from '../connect.ts'

/** Which runs of a workspace are meant; what is left out does not matter. */
export type RunNarrowing = Readonly<{
  statuses?: readonly RunStatus[] | undefined
  /** All of them. */
  labels?: Readonly<Record<string, string>> | undefined
  type?: RequestType | undefined
  mode?: Mode | undefined
  /** By its name, of one of its tasks. */
  agent?: string | undefined
  /** That a call of the run asked. */
  model?: string | undefined
  /** One of them, of the run, or of an attempt or a tool call of one of its tasks. */
  errors?: readonly ErrorCode[] | undefined
}>

const all = (conditions: readonly (RawBuilder<boolean> | null)[]): RawBuilder<boolean> => {
  const given = conditions.filter((one) => one !== null)
  return given.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(given, sql` and `)})`
}

/** Of the run's row, by the alias r. Each reads no more than the run's own rows, by key. */
export const ofRun = ({ statuses = [], agent, model }: RunNarrowing): RawBuilder<boolean> =>
  all([
    statuses.length === 0 ? null : sql<boolean>`r.status = any (${statuses}::text[])`,
    agent === undefined
      ? null
      : sql<boolean>`exists (select from flotilla.task_specs a where a.run_id = r.id and a.agent_name = ${agent})`,
    model === undefined
      ? null
      : sql<boolean>`exists (select from flotilla.budget_calls c where c.run_id = r.id and c.kind = 'model' and c.name = ${model})`,
  ])

/** Of the row with what the run is to do, by the alias s. */
export const ofSpec = ({ labels = {}, type, mode, errors = [] }: RunNarrowing): RawBuilder<boolean> =>
  all([
    Object.keys(labels).length === 0 ? null : sql<boolean>`s.labels @> ${json(labels)}::jsonb`,
    type === undefined ? null : sql<boolean>`s.analysis ->> 'type' = ${type}`,
    mode === undefined ? null : sql<boolean>`s.mode = ${mode}`,
    errors.length === 0 ? null : hasError(errors),
  ])

const hasError = (
  codes: readonly ErrorCode[],
): RawBuilder<boolean> => sql<boolean>`(s.error ->> 'code' = any (${codes}::text[])
  or exists (select from flotilla.attempts f where f.run_id = s.run_id and f.error ->> 'code' = any (${codes}::text[]))
  ${codes.includes('tool_failed') ? sql`or exists (select from flotilla.tool_calls f where f.run_id = s.run_id and f.status = 'failed')` : sql``})`

export const narrowsSpec = ({ labels = {}, type, mode, errors = [] }: RunNarrowing): boolean =>
  Object.keys(labels).length > 0 || type !== undefined || mode !== undefined || errors.length > 0
