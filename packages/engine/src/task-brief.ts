import type { TaskBrief } from '@flotilla/agents'
import type { ClaimedTask, TaskRecord } from '@flotilla/db'

/** Everything that an attempt starts from, as its agent is told. */
export function briefOf(task: ClaimedTask, record: TaskRecord, model: string): TaskBrief {
  const { spec, agent } = record
  const tools = spec.tools ?? agent?.tools ?? []
  return {
    runId: record.runUid,
    goal: record.goal,
    inputs: record.inputs,
    task: {
      key: record.key,
      role: spec.role,
      title: record.title,
      instructions: spec.instructions,
      type: record.type,
      verify: spec.verify,
      tools,
      timeoutSeconds: spec.timeoutSeconds,
      // Plans of an earlier version lack it.
      turnTimeoutSeconds: spec.turnTimeoutSeconds ?? null,
    },
    agent: {
      id: agent?.id ?? '',
      name: agent?.name ?? spec.role,
      description: agent?.description ?? '',
      systemPrompt: agent?.system_prompt ?? '',
      model,
      maxTurns: agent?.max_turns ?? 12,
      maxOutputTokens: agent?.max_output_tokens ?? 4_096,
      modelSettings: agent?.model_settings ?? {},
    },
    dependencies: record.dependencies,
    documents: record.documents,
    attempt: { number: task.attempt, kind: task.kind, revisions: task.revisions },
    revision: record.revision && { verdict: record.revision.verdict, output: record.revision.output },
  }
}
