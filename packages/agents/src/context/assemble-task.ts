import type { Passage } from '@flotilla/domain'
import type { TaskBrief } from '../brief.ts'
import { taskExecutionPrompt } from '../prompts/task-execution.ts'
import { assemblePrompt } from './assemble-prompt.ts'
import type { AssembledContext, CountTokens } from './context-record.ts'
import {
  criteriaSection,
  dependenciesSection,
  documentsSection,
  inputsSection,
  listSection,
  passagesSection,
  textSection,
} from './draft-sections.ts'
import type { SectionDraft } from './fit-sections.ts'
import { escapeText, tag } from './markup.ts'

const ORDER = [
  'goal',
  'inputs',
  'documents',
  'dependencies',
  'passages',
  'previous_output',
  'revision',
  'tools',
  'criteria',
  'task',
]

/** Alike in every task of a run: providers read it from their caches. */
const SHARED = ['goal', 'inputs', 'documents']

/** The system text and first message of an agent that does one task (mode TASK_EXECUTION). */
export function assembleContext(input: {
  brief: TaskBrief
  passages: readonly Passage[]
  /** Names of the tools that the agent is offered, where that is not all of the task's. */
  tools?: readonly string[]
  tokenBudget: number
  countTokens: CountTokens
}): AssembledContext {
  const { brief, passages, tokenBudget, countTokens } = input
  const tools = input.tools ?? brief.task.tools
  return assemblePrompt({
    mode: 'TASK_EXECUTION',
    prompt: taskExecutionPrompt,
    system: systemText(brief.agent),
    sections: [
      taskSection(brief.task),
      textSection('goal', brief.goal, 0.6, 'the goal of the run'),
      criteriaSection(brief.task.verify),
      revisionSection(brief),
      listSection('tools', tools, 0.2, 'tools that the agent may call'),
      documentsSection(brief.documents),
      inputsSection(brief.inputs),
      textSection('previous_output', brief.revision?.output.text ?? '', 0.4, 'the output that was rejected'),
      dependenciesSection(brief.dependencies),
      passagesSection(passages),
    ],
    order: ORDER,
    shared: SHARED,
    tokenBudget,
    countTokens,
  })
}

const systemText = (agent: TaskBrief['agent']): string =>
  [
    taskExecutionPrompt.text,
    `## Who you are\nYou are ${agent.name}. ${agent.description}`.trimEnd(),
    ...(agent.systemPrompt.trim() === '' ? [] : [agent.systemPrompt.trim()]),
  ].join('\n\n')

function taskSection(task: TaskBrief['task']): SectionDraft {
  const { key, role, type, title } = task
  const text = task.instructions.trim() === '' ? task.title : task.instructions
  return textSection('task', text, 0.8, 'what is to be done', { key, role, type, title })
}

/** What the verdict found wanting, in its own words. */
function revisionSection(brief: TaskBrief): SectionDraft {
  const failed = (brief.revision?.verdict.findings ?? []).filter((finding) => !finding.passed)
  const items = failed.map((finding) =>
    tag('failed', { criterion: finding.criterion, score: finding.score }, escapeText(finding.rationale)),
  )
  return listSection('revision', items, 0.5, 'criteria that the output before this one failed')
}

/** What the documents are searched for before the first call: the task's own words first, then the goal's. */
export function retrievalQuery(brief: TaskBrief): string {
  const parts = [brief.task.title, brief.task.instructions, brief.goal]
  return parts
    .filter((part) => part.trim() !== '')
    .join('\n')
    .slice(0, MAX_QUERY_CHARS)
}

const MAX_QUERY_CHARS = 2_000
