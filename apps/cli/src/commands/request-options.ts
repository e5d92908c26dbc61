import { CROSSING_POLICIES, MODES } from '@flotilla/domain'
import { Option, type Command } from 'commander'
import { amount, label, MOST_AMOUNT, MOST_SECONDS, wholeNumber } from '../input/values.ts'

/** `otherwise`: what holds where it is not given. */
export const onExceededOption = (otherwise = ''): Option =>
  new Option(
    '--on-exceeded <policy>',
    `where a call does not fit the budget: degrade saves with cheaper models and shorter answers, and from 80 % on; pause rests until the limit is raised; fail ends the run with what is done${otherwise}`,
  ).choices(CROSSING_POLICIES)

/** Adds what describes a run. */
export const withRequest = (command: Command): Command =>
  command
    .option('--docs <path...>', 'documents to work on: text, images and PDFs, or folders of them')
    .option('--plan <file>', 'a plan of your own instead of the planner\'s: .json, or "Task 1: @role - …" lines')
    .option('--workflow <name>', 'a stored workflow instead of the planner')
    .option('--label <key=value>', 'label of the run; repeat for several', label)
    .option(
      '--budget-usd <amount>',
      'spend at most so many US dollars: a call begins only if its worst case fits beside what is spent and held',
      amount,
    )
    .option('--budget-tokens <n>', 'use at most so many tokens, likewise', wholeNumber(1, MOST_AMOUNT))
    .option('--budget-tool-calls <n>', 'make at most so many tool calls', wholeNumber(0, MOST_AMOUNT))
    .option('--budget-seconds <n>', 'take at most so long, pauses not counted', wholeNumber(1, MOST_SECONDS))
    .addOption(onExceededOption(' (degrade)'))
    .addOption(new Option('--mode <mode>', 'how tasks follow each other (parallel)').choices(MODES))
    .option('--priority <n>', 'from 0 (last) to 9 (first) (5)', wholeNumber(0, 9))
