export {
  createClient,
  type AgentQuery,
  type AgentStatsQuery,
  type ApprovalQuery,
  type Client,
  type CostQuery,
  type CreateOptions,
  type DeadLetterQuery,
  type DependencyState,
  type Readiness,
  type RequestAnalysis,
  type RunAccepted,
  type RunCalls,
  type RunNarrowing,
  type RunQuery,
  type RunStatsQuery,
  type RunSummary,
  type WorkspaceBudgetSet,
} from './client.ts'
export type { Page, PageQuery } from './calls.ts'
export { ProblemError, ServerUnreachableError, UnexpectedAnswerError } from './errors.ts'
export type { EventPage, EventQuery, FollowOptions } from './follow.ts'
export type { CallOptions, ClientOptions } from './transport.ts'
