/** Every metric that the API and the workers tell at /metrics, with its labels. A histogram has _bucket, _sum and _count. */
export const METRICS: Readonly<Record<string, readonly string[]>> = {
  flotilla_queue_depth: ['pool'],
  flotilla_queue_oldest_age_seconds: ['pool'],
  flotilla_runs: ['status'],
  flotilla_lane_open: ['lane'],
  flotilla_http_request_duration_seconds: ['route', 'method', 'status'],
  flotilla_sse_readers: [],
  flotilla_claims_total: [],
  flotilla_settlements_total: ['verb'],
  flotilla_step_batch_size: [],
  flotilla_step_duration_seconds: [],
  flotilla_attempts_total: ['kind'],
  flotilla_retries_total: ['kind'],
  flotilla_recoveries_total: [],
  flotilla_fenced_writes_total: [],
  flotilla_gate_waits_total: ['cause'],
  flotilla_model_calls_total: ['model', 'outcome'],
  flotilla_model_call_duration_seconds: ['model'],
  flotilla_tokens_total: ['model', 'kind'],
  flotilla_cost_usd_total: ['model'],
  flotilla_budget_refusals_total: ['level', 'dimension'],
  flotilla_slots: ['state'],
  flotilla_wakeups_total: ['result'],
  flotilla_event_loop_delay_seconds: ['quantile'],
  flotilla_heap_used_bytes: [],
  flotilla_resident_memory_bytes: [],
  flotilla_db_pool: ['state'],
  flotilla_build_info: ['version'],
}

export const HISTOGRAMS: readonly string[] = [
  'flotilla_http_request_duration_seconds',
  'flotilla_step_batch_size',
  'flotilla_step_duration_seconds',
  'flotilla_model_call_duration_seconds',
]

/** What a worker answers where it listens for Prometheus and for probes. */
export const WORKER_PATHS: readonly string[] = ['/livez', '/readyz', '/metrics']
