import { amountText, missingRoleText, type Analysis, type BudgetDimension, type BudgetLimits } from '@flotilla/domain'
import type { DocumentOutline } from '../planner/outline-document.ts'
import type { RoleInfo } from '../planner/prompt.ts'

const SPEAKS_OF_DOCUMENTS =
  /\b(?:these|those|the (?:attached|following|given|provided|enclosed|above)|attached|enclosed|my|our|(?:in|from|of|over|across) the)\s+(?:\w+\s+)?(?:documents?|docs|files?|papers?|reports?|notes|pages|attachments?|sources|transcripts?|manuals?)\b/i
const FILE_NAME =
  /(?<![\w/.-])[\w-]{1,80}\.(?:md|markdown|txt|csv|tsv|json|html?|pdf|png|jpe?g|gif|webp|docx?|xlsx?|ya?ml|log)\b/gi
const MAX_NAMED = 5
/** Beyond this reading takes most of what a run does. */
const MUCH_TEXT_TOKENS = 100_000

/** What is likely to go wrong, in words for the user. Nothing here stops a run. */
export function warningsOf(input: {
  goal: string
  documents: readonly DocumentOutline[]
  documentTokens: number
  simulated: boolean
  roles: readonly string[]
  availableRoles: readonly RoleInfo[]
  estimate: Analysis['estimate']
  budget: BudgetLimits | null
}): string[] {
  const { goal, documents, budget, estimate } = input
  const warnings: string[] = []
  if (documents.length === 0 && SPEAKS_OF_DOCUMENTS.test(goal))
    warnings.push('the goal speaks of documents, but none came with the request: send them as "documents"')
  else if (documents.length === 0 && input.simulated)
    warnings.push(
      'no model is set up, and no documents came with the request: the offline model only puts together what documents say, so expect an outline',
    )
  const missing = missingFiles(goal, documents)
  if (documents.length > 0 && missing.length > 0)
    warnings.push(`the goal names ${missing.map((name) => `"${name}"`).join(', ')}, which is not among the documents`)
  if (goal.trim().split(/\s+/).length < 3)
    warnings.push('the goal is very short: say what the result is for and what it must contain')
  if (input.documentTokens > MUCH_TEXT_TOKENS)
    warnings.push(
      `the documents hold about ${input.documentTokens} tokens: agents search for the passages that fit their task; documents that a task names or holds against each other they read page by page, and each call sends the pages before it again`,
    )
  if (input.simulated && documents.some(({ mediaType }) => mediaType !== null))
    warnings.push(
      'the model of this server reads text alone, and tasks that are shown images or PDFs fail: choose one that reads them with FLOTILLA_MODEL',
    )
  const known = new Set(input.availableRoles.map((info) => info.role))
  for (const role of input.roles) if (!known.has(role)) warnings.push(missingRoleText(role, known))
  if (budget !== null) warnings.push(...budgetWarnings(budget, estimate))
  return warnings
}

function missingFiles(goal: string, documents: readonly DocumentOutline[]): string[] {
  const names = documents.map((document) => document.name.toLowerCase())
  const named = [...new Set([...goal.matchAll(FILE_NAME)].map((match) => match[0]))]
  return named.filter((name) => !names.some((known) => known.endsWith(name.toLowerCase()))).slice(0, MAX_NAMED)
}

function budgetWarnings(budget: BudgetLimits, estimate: Analysis['estimate']): string[] {
  const short = (dimension: Exclude<BudgetDimension, 'toolCalls'>): string[] => {
    const [limit, { expected }] = [budget[dimension], estimate[dimension]]
    if (limit === undefined || expected <= limit) return []
    const text = amountText(dimension, limit)
    const atOnce =
      dimension !== 'seconds' && limit < expected / estimate.tasks
        ? ', and may not pay for one task: the run may end at once'
        : ''
    return [
      `the budget of ${text} is below the ${amountText(dimension, expected, 'up')} that the request is expected to take${atOnce}`,
    ]
  }
  return [...short('tokens'), ...short('costUsd'), ...short('seconds')]
}
