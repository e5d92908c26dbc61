import type { TestRecord } from './record-fixture.ts'

/** One row in every table that has a workspace. */
export async function fillWorkspace(record: TestRecord, workspaceId: number): Promise<void> {
  const runId = await record.plant([{}], { workspaceId })
  const { rows } = await record.pool.query<{ agent: number; collection: number }>(
    `with agent as (
       insert into flotilla.agents (workspace_id, uid, origin, name, role, description, capabilities, system_prompt, tools, max_turns, max_output_tokens, enabled)
       values ($1::bigint, 'agt_' || $1::bigint, 'user', 'a', 'writer', '', '[]', '', '[]', 1, 1, true) returning id),
     collection as (insert into flotilla.collections (workspace_id, run_id) values ($1::bigint, $2::bigint) returning id)
     select agent.id as agent, collection.id as collection from agent, collection`,
    [workspaceId, runId],
  )
  const { agent, collection } = rows[0] as { agent: number; collection: number }
  const of = { w: String(workspaceId), run: String(runId), agent: String(agent), collection: String(collection) }
  for (const text of ROWS) await record.pool.query(text.replaceAll(/:(\w+)/g, (_, name: keyof typeof of) => of[name]))
}

const ROWS = [
  `insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget) values (:run, :w, '', '{}', 'parallel', '{}', '{}')`,
  `insert into flotilla.idempotency_keys (workspace_id, operation, key, body_hash, response) values (:w, 'op', 'key', '', '{}')`,
  `insert into flotilla.plans (run_id, version, workspace_id, made_by, tasks) values (:run, 1, :w, 'user', '[]')`,
  `insert into flotilla.planner_turns (run_id, fence, turn, workspace_id, model, request, reply, usage) values (:run, 1, 1, :w, '', '{}', '{}', '{}')`,
  `insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage)
   values (:run, 0, 1, :w, 'first', 'succeeded', '', now(), now(), '{}')`,
  `insert into flotilla.turns (run_id, idx, attempt, turn, workspace_id, model, request, reply, stop_reason, usage, started_at)
   values (:run, 0, 1, 1, :w, '', '{}', '{}', '', '{}', now())`,
  `insert into flotilla.tool_calls (run_id, idx, attempt, turn, n, workspace_id, call_id, effect_id, tool, arguments, status)
   values (:run, 0, 1, 1, 1, :w, '', '', '', '{}', 'started')`,
  `insert into flotilla.outputs (run_id, idx, attempt, workspace_id, output) values (:run, 0, 1, :w, '{}')`,
  `insert into flotilla.verdicts (run_id, idx, attempt, workspace_id, decision, score, findings) values (:run, 0, 1, :w, 'accepted', 1, '[]')`,
  `insert into flotilla.artifacts (run_id, name, workspace_id, media_type, size_bytes, sha256, content) values (:run, 'a', :w, '', 0, '', '')`,
  `insert into flotilla.events (run_id, seq, workspace_id, type, at) values (:run, 1, :w, 'run.created', now())`,
  `insert into flotilla.documents (collection_id, n, workspace_id, name, content, size_bytes, lines, sha256, media_type, media)
   values (:collection, 0, :w, 'd', '', 1, 0, '', 'image/png', 'x')`,
  `insert into flotilla.chunks (collection_id, document_n, n, workspace_id, start_line, end_line, start_at, end_at, body) values (:collection, 0, 0, :w, 1, 1, 0, 0, '')`,
  `insert into flotilla.agent_stats (workspace_id, task_type, role, agent_id, model) values (:w, 'general', 'writer', :agent, '')`,
  `insert into flotilla.agent_versions (workspace_id, agent_id, version, definition, since) values (:w, :agent, 1, '{}', now())`,
  `insert into flotilla.approvals (workspace_id, uid, run_id, idx, attempt, kind, subject, expires_at)
   values (:w, 'apr_:w', :run, 0, 1, 'tool_outcome', '{}', now())`,
  `insert into flotilla.cancellations (run_id, workspace_id, requested_at, was, tasks, spent) values (:run, :w, now(), 'executing', '{}', '{}')`,
  `insert into flotilla.dead_letters (workspace_id, run_id, idx, reason, error) values (:w, :run, 0, 'worker_lost', '{}')`,
  `insert into flotilla.shares (workspace_id, served) values (:w, 0)`,
  `insert into flotilla.parked (workspace_id, run_id, role, after_idx, turn) values (:w, :run, 'writer', 0, 0)`,
  `insert into flotilla.budgets (workspace_id, level, month, path) values (:w, 'workspace', now(), '{}')`,
  `insert into flotilla.budget_calls (run_id, key, workspace_id, fence, kind, name, status, accounts, reserved_at)
   values (:run, 'call', :w, 0, 'model', '', 'settled', '{}', now())`,
]
