import { callNumberOf, type Journal } from '../model/journal.ts'
import { violation } from './check-log.ts'
import type { RunHistory, TurnRow, Violation } from './history.ts'

/** Calls that a recorded turn has claimed, over all runs, with the turn that did. */
export type ClaimedCalls = Map<number, string>

/** What the record says was used: each turn one call of the provider's journal, and sums that agree. */
export function checkUsage(history: RunHistory, journal: Pick<Journal, 'find'>, claimed: ClaimedCalls): Violation[] {
  return [...history.turns.flatMap((turn) => checkTurn(history, turn, journal, claimed)), ...checkSums(history)]
}

function checkTurn(
  history: RunHistory,
  turn: TurnRow,
  journal: Pick<Journal, 'find'>,
  claimed: ClaimedCalls,
): Violation[] {
  const name = `turn ${turn.turn} of attempt ${turn.attempt} of task ${turn.idx}`
  const number = callNumberOf(turn.model)
  const call = number === null ? undefined : journal.find(number)
  if (number === null || call === undefined)
    return [
      violation(
        history,
        'unknown_turn',
        `${name} was answered by "${turn.model}", a call that the provider does not know`,
      ),
    ]
  const before = claimed.get(number)
  claimed.set(number, `${history.run.uid} ${name}`)
  if (before !== undefined)
    return [violation(history, 'turn_twice', `${name} and ${before} are the same call ${number}`)]
  const same =
    call.plan === history.run.plan && call.key === `t${turn.idx}` && call.mode === 'task' && call.end === 'answered'
  if (same && call.inputTokens === turn.inputTokens && call.outputTokens === turn.outputTokens) return []
  return [
    violation(
      history,
      'unknown_turn',
      `${name} with ${turn.inputTokens}/${turn.outputTokens} tokens is call ${JSON.stringify(call)} to the provider`,
    ),
  ]
}

function checkSums(history: RunHistory): Violation[] {
  const found: Violation[] = []
  for (const task of history.tasks) {
    const turns = history.turns.filter((turn) => turn.idx === task.idx)
    const recorded = turns.reduce((sum, turn) => sum + turn.inputTokens + turn.outputTokens, 0)
    if (task.tokens < recorded)
      found.push(
        violation(history, 'usage_off', `task ${task.idx} counts ${task.tokens} tokens, its turns ${recorded}`),
      )
  }
  const sum = history.tasks.reduce((tokens, task) => tokens + task.tokens, 0)
  if (history.run.tokens !== sum)
    found.push(violation(history, 'usage_off', `the run counts ${history.run.tokens} tokens, its tasks ${sum}`))
  return found
}
