import { MODES } from '@flotilla/domain'
import { Option, type Command } from 'commander'
import { amount, label, wholeNumber } from '../input/values.ts'

/** Adds what describes a run. */
export const withRequest = (command: Command): Command =>
  command
    .option('--docs <path...>', 'documents to work on: text files, or folders of them')
    .option('--plan <file>', 'a plan of your own instead of the planner\'s: .json, or "Task 1: @role - …" lines')
    .option('--workflow <name>', 'a stored workflow instead of the planner')
    .option('--label <key=value>', 'label of the run; repeat for several', label)
    .option('--budget-usd <amount>', 'begin no model call once this much is spent', amount)
    .option('--budget-tokens <n>', 'begin no model call once this many tokens are used', wholeNumber(1, 1e12))
    .addOption(new Option('--mode <mode>', 'how tasks follow each other (parallel)').choices(MODES))
    .option('--priority <n>', 'from 0 (last) to 9 (first) (5)', wholeNumber(0, 9))
