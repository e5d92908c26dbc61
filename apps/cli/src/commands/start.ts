import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createClient, type Client } from '@flotilla/client'
import { isTerminalRun, type CreateRunInput, type RunEvent, type RunView } from '@flotilla/domain'
import { ROOT } from '../config.ts'
import type { Context, Register } from '../context.ts'
import { tellPause } from '../follow-to-end.ts'
import { found, refused, type Read } from '../input/result.ts'
import { readRunRequest, type RequestOptions, type RunRequest } from '../input/run-request.ts'
import { chooseProgress, createViews, type Progress, type ProgressMode } from '../live/progress.ts'
import { watchRun } from '../live/watch-run.ts'
import { expectedError, UsageError } from '../problem-text.ts'
import { resultText } from '../result-text.ts'
import type { RunningSystem } from '../system/run-system.ts'
import { withRequest } from './request-options.ts'
import { progressOption } from './run.ts'
import { refuseProgramSettings, systemConfig, withSystem, type SystemOptions } from './up.ts'

interface StartOptions extends SystemOptions, RequestOptions {
  readonly example: string
  readonly progress: ProgressMode
}

const EXAMPLE = path.join('examples', 'durability')

export const registerStart: Register = (program, context) => {
  withRequest(withSystem(program.command('start')))
    .summary('start the system and do a job on it')
    .description(
      'Starts the system as `up` does, runs a goal on it (the example, or your own), shows the result and stays up.',
    )
    .argument('[goal]', "what is to be done, in quotes; the example's goal if left out")
    .option('--example <dir>', 'folder of documents; the goal is in goal.txt beside it', EXAMPLE)
    .addOption(progressOption())
    .action(
      async (goal: string | undefined, options: StartOptions) =>
        void (context.exitCode = await start(context, goal, options)),
    )
}

async function start(context: Context, goal: string | undefined, options: StartOptions): Promise<number> {
  const { terminal } = context
  const own = goal !== undefined || options.docs !== undefined || options.plan !== undefined
  const request = own ? await readRunRequest(goal, options, context.config.cwd) : await readExample(options)
  if (!request.ok) throw new UsageError(request.problems)
  for (const note of request.value.notes) terminal.err(note)
  const settings = systemConfig(context.config, options)
  await refuseProgramSettings(settings)
  const { runSystem } = await import('../system/run-system.ts')
  const json = options.json ?? false
  const progress = chooseProgress(options.progress, json, { ...terminal, environment: context.config.environment })
  const work = (system: RunningSystem): Promise<void> => doJob(context, system, request.value.input, progress)
  return runSystem(context, settings, { json, work })
}

/** The goal and the Markdown documents of an example folder. */
async function readExample(options: StartOptions): Promise<Read<RunRequest>> {
  const folder = path.resolve(ROOT, options.example)
  let goal: string
  try {
    goal = await readFile(path.join(path.dirname(folder), 'goal.txt'), 'utf8')
  } catch (error) {
    return refused(
      `the example ${folder} has no goal.txt beside it that can be read (${String(error)}); give a goal of your own: npm start -- "…" --docs ./docs`,
    )
  }
  const request = await readRunRequest(goal.trim(), { ...options, docs: [folder] }, ROOT)
  if (!request.ok) return request
  const { input, notes } = request.value
  const documents = (input.documents ?? []).filter(({ name }) => name.endsWith('.md'))
  return found({ notes, input: { ...input, documents } })
}

/** Never throws what a user can meet: the system stays up, whatever becomes of the job. */
async function doJob(
  context: Context,
  system: RunningSystem,
  input: CreateRunInput,
  progress: Progress,
): Promise<void> {
  const { terminal } = context
  const client = createClient({ url: system.url, apiKey: context.config.apiKey })
  try {
    const run = await showJob(context, client, input, { system, progress })
    if (run !== null && !progress.json) terminal.err(nextSteps(system.url, run))
  } catch (error) {
    const expected = expectedError(error)
    if (expected === null) throw error
    if (system.signal.aborted) return
    for (const line of expected.lines) terminal.err(`flotilla: ${line}`)
    terminal.err(`The system stays up at ${system.url}; Ctrl-C stops it.`)
  }
}

type Surroundings = Readonly<{ system: RunningSystem; progress: Progress }>

async function showJob(
  context: Context,
  client: Client,
  input: CreateRunInput,
  { system, progress }: Surroundings,
): Promise<RunView | null> {
  const { terminal, now } = context
  const { signal } = system
  const { id } = await client.runs.create(input, { signal })
  if (progress.people === 'plain') terminal.err(`${id}: ${input.goal}\n${(input.documents ?? []).length} documents`)
  const view = createViews(context, progress, 'Ctrl-C stops Flotilla')
  terminal.divert((text) => view.note(text))
  try {
    // The system that works on it ends with this process: a pause is waited for, whoever looks on.
    const endsPaused = async (event: RunEvent): Promise<boolean> => {
      await tellPause(context, client, event, true)
      return false
    }
    const state = await watchRun({ client, view, now }, { runId: id, signal, endsPaused })
    if (!isTerminalRun(state.status)) {
      terminal.err(`${id} is kept, and goes on at the next start.`)
      return null
    }
  } finally {
    terminal.divert(null)
  }
  const [run, tasks] = await Promise.all([client.runs.get(id, { signal }), client.tasks.all(id, { signal })])
  terminal.out(progress.json ? JSON.stringify(run) : `\n${resultText(run, tasks, terminal.paintOut)}`)
  return run
}

const nextSteps = (url: string, run: RunView): string => `
Flotilla stays up.
  Web app  ${url}/runs/${run.id}
  API      ${url}/v1/runs
  Docs     ${url}/docs
  Queues   ${url}/admin/queues
Try, in a second terminal:
  npm run --silent flotilla -- runs show ${run.id}${run.status === 'completed' ? ' --report' : ''}
  npm run --silent flotilla -- run "What do these documents disagree about?" --docs ${EXAMPLE}
  npm run --silent flotilla -- doctor
Ctrl-C stops it; what it has done is kept.`
