import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { CreateRunInput } from '@flotilla/domain'
import { ROOT } from '../machine/facts.ts'

type PlanTask = NonNullable<CreateRunInput['plan']>['tasks'][number]
type Criterion = NonNullable<PlanTask['verify']>[number]
export type ExampleRun = Readonly<{ run: CreateRunInput; documents: ReadonlyMap<string, string> }>

const EXAMPLES = path.join(ROOT, 'examples')
const FAN = 20

/** `examples/plan.json` on the documents of `examples/durability`. */
export async function examplePlan(): Promise<ExampleRun> {
  const documents = await exampleDocuments()
  const plan = JSON.parse(await readFile(path.join(EXAMPLES, 'plan.json'), 'utf8')) as NonNullable<
    CreateRunInput['plan']
  >
  return { documents, run: { ...(await goalAndDocuments(documents)), plan } }
}

/** The same with a judge in the place of every rule. */
export async function judgedPlan(): Promise<ExampleRun> {
  const { run, documents } = await examplePlan()
  const tasks = run.plan?.tasks.map((task) => ({ ...task, verify: task.verify?.map(asJudged) ?? [] })) ?? []
  return { documents, run: { ...run, plan: { ...run.plan, tasks } } }
}

/** Many tasks at once that have the documents in common, pasted into the goal. */
export async function exampleFan(): Promise<ExampleRun> {
  const documents = await exampleDocuments()
  const { goal } = await goalAndDocuments(documents)
  const material = [...documents.values()].slice(0, 3).join('\n\n')
  const tasks = Array.from({ length: FAN }, (_, i) => ({ key: `t${i}`, role: 'analyst', instructions: `Point ${i}` }))
  return { documents: new Map(), run: { goal: `${goal}\n\n${material}`.slice(0, 8000), plan: { tasks } } }
}

const asJudged = (criterion: Criterion): Criterion =>
  'rule' in criterion ? { judge: `It keeps the rule ${JSON.stringify(criterion)}`, threshold: 0.5 } : criterion

async function exampleDocuments(): Promise<ReadonlyMap<string, string>> {
  const folder = path.join(EXAMPLES, 'durability')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted()
  const read = names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const)
  return new Map(await Promise.all(read))
}

const goalAndDocuments = async (documents: ReadonlyMap<string, string>) => ({
  goal: (await readFile(path.join(EXAMPLES, 'goal.txt'), 'utf8')).trim(),
  documents: [...documents].map(([name, content]) => ({ name, content })),
})
