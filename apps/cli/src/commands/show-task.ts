import { attemptTable, tallyText } from '../attempt-text.ts'
import { connect } from '../connection.ts'
import { EXIT, type Context, type ServerOptions } from '../context.ts'
import { manyLines, oneLine } from '../live/terminal-text.ts'
import { cutOffLines, taskBudgetText } from '../money-text.ts'
import { waitLines } from '../rest-text.ts'

/** One task of a run: its attempts with the caps of each kind, its budget, and what came out. */
export async function showTask(context: Context, runId: string, key: string, options: ServerOptions): Promise<number> {
  const task = await connect(context, options).tasks.get(runId, key)
  const { terminal } = context
  if (options.json) {
    terminal.out(JSON.stringify(task))
    return EXIT.done
  }
  terminal.out(oneLine(`${task.key} (@${task.role}): ${task.title}`))
  terminal.out(`${task.status.replace('_', ' ')}; ${tallyText(task.counts)}`)
  if (task.wait !== undefined) terminal.out(`Waits: ${waitLines([task], Date.now()).join('').trim()}`)
  if (task.attempts.length > 0) terminal.out(`\n${attemptTable(task.attempts)}`)
  if (task.cutOffCalls.length > 0) terminal.out(`\n${cutOffLines(task.cutOffCalls).join('\n')}`)
  terminal.out(`\n${taskBudgetText(task.budget)}`)
  if (task.error !== null) terminal.out(`\n${oneLine(`${task.error.code}: ${task.error.message}`)}`)
  if (task.output !== null) terminal.out(`\n${manyLines(task.output.text).trimEnd()}`)
  return EXIT.done
}
