export {
  createClient,
  type AnalysisView,
  type Client,
  type CreatedRun,
  type CreateOptions,
  type Page,
  type PageQuery,
  type Readiness,
  type RunCalls,
  type RunQuery,
} from './client.ts'
export { ProblemError, ServerUnreachableError, UnexpectedAnswerError } from './errors.ts'
export type { EventPage, EventQuery, FollowOptions } from './follow.ts'
export type { CallOptions, ClientOptions } from './transport.ts'
