import { NO_SPEND, NO_USAGE, type RunView } from '@flotilla/domain'
import { RUN_ID } from './run-fixture.ts'

/** For tests: a run as the server shows it. */
export const runOf = (more: Partial<RunView> = {}): RunView => ({
  id: RUN_ID,
  status: 'completed',
  goal: 'Compare',
  inputs: {},
  mode: 'parallel',
  priority: 5,
  labels: {},
  planVersion: 1,
  analysis: null,
  dispatch: null,
  progress: { total: 2, completed: 2, failed: 0, skipped: 0, percent: 100 },
  budget: { limits: {}, reserved: NO_SPEND, spent: { ...NO_SPEND, seconds: 65 } },
  usage: { ...NO_USAGE, inputTokens: 1_100, outputTokens: 140, costUsd: 0.0042 },
  quality: null,
  result: null,
  error: null,
  cancellation: null,
  simulated: true,
  createdAt: '2026-01-01T10:00:00Z',
  startedAt: '2026-01-01T10:00:01Z',
  finishedAt: '2026-01-01T10:01:06Z',
  ...more,
})
