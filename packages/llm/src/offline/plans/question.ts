import { asked } from '../compose.ts'
import { questionsIn } from '../intent.ts'
import type { PlanRequest } from './plan-request.ts'
import { keysOf } from './readers.ts'
import { judgeOfGoal, keyFor, ROLES, type PlanDraft, type TaskDraft } from './task-draft.ts'

const MAX_QUESTIONS = 8

/** Each question is looked up by itself, then all are answered; without documents there is nothing to look up. */
export function planQuestion(request: PlanRequest): PlanDraft {
  if (request.documents.length === 0)
    return {
      reason: 'a question without documents: one task answers it',
      tasks: [answer(request, [])],
      result: 'answer',
    }
  const questions = (questionsIn(request.goal) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, MAX_QUESTIONS)
  const taken = new Set<string>()
  const finders =
    questions.length > 1
      ? questions.map((text, i) => finder(keyFor('find', String(i + 1), taken), 'lookup', text))
      : [finder('find', 'find', request.goal)]
  const lookedUp =
    finders.length === 1
      ? 'what bears on it is looked up'
      : `its ${finders.length} parts are looked up at the same time`
  return {
    reason: `a question: ${lookedUp}, then it is answered`,
    tasks: [...finders, answer(request, keysOf(finders))],
    result: 'answer',
  }
}

const finder = (key: string, type: string, question: string): TaskDraft => ({
  key,
  roles: ROLES.researcher,
  type,
  title: asked(question),
  instructions: `Extract from the documents: ${asked(question)}`,
  dependsOn: [],
})

const answer = (request: PlanRequest, dependsOn: readonly string[]): TaskDraft => ({
  key: 'answer',
  roles: ROLES.writer,
  type: 'answer',
  title: 'Answer the question',
  instructions: 'Answer from what was found, and say so plainly where the documents hold no answer.',
  dependsOn,
  judge: judgeOfGoal(request.goal),
})
