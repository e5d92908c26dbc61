import { countTokens, createOfflineProvider } from '@flotilla/llm'
import { expect, it } from 'vitest'
import { callDirectly } from '../model-call.ts'
import { createPlan } from '../planner/create-plan.ts'
import { outlineDocument, outlineMedia } from '../planner/outline-document.ts'
import { BUILTIN_TOOLS } from '../tools/builtin-tools.ts'
import { analyzeByRules, type AnalysisInput } from './analyze-by-rules.ts'

const role = (name: string) => ({ role: name, description: '', capabilities: [], tools: ['knowledge_search'] })
const base: AnalysisInput = {
  goal: '',
  documents: [],
  mode: 'parallel',
  availableRoles: ['researcher', 'analyst', 'writer', 'reviewer', 'developer'].map(role),
  plan: null,
  budget: null,
  simulated: true,
  model: 'offline:default',
  stats: [],
  priceUsd: () => 0,
}
const documents = (n: number) => Array.from({ length: n }, (_, i) => outlineDocument(`note "${i}".md`, `# Note ${i}\n`))
const IMAGE = outlineMedia({ name: 'chart.png', mediaType: 'image/png', sizeBytes: 9, pages: null })

/** The plan that a run gets whose planner is the offline model. */
async function planned(input: AnalysisInput) {
  const modelRef = 'offline:default'
  const call = callDirectly({ provider: createOfflineProvider(), model: 'default', modelRef, costOf: () => 0 })
  const outcome = await createPlan(
    { call, modelRef, simulated: true, now: () => 0, countTokens, tokenBudget: 100_000, maxOutputTokens: 16_000 },
    {
      goal: input.goal,
      inputs: {},
      documents: input.documents,
      analysis: analyzeByRules(input),
      roles: input.availableRoles,
      tools: [...BUILTIN_TOOLS, 'own_tool'],
      signal: new AbortController().signal,
    },
  )
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.plan
}

it.each([
  ['Compare the durability guarantees described in these documents and recommend one', documents(3)],
  ['Compare Harrow & Pallet, <b>both</b> of them', []],
  ['Where do these documents contradict each other?', documents(4)],
  ['How long are logs kept? Who may read them?', documents(20)],
  ['What is the capital of France?', []],
  ['Research the market for electric bikes and write a report', [...documents(14), IMAGE]],
  ['Write a blog post about our launch in a friendly tone', documents(1)],
  ['Implement login with e-mail and password as a REST API with a web page', []],
  ['Do a security audit of this service and list vulnerabilities', documents(2)],
  ['Compute the median and the outliers of this CSV', documents(2)],
  ['Organise the summer party', []],
])('the estimate of %j is of the plan that is then made offline', async (goal, given) => {
  const input = { ...base, goal, documents: given }
  const { tasks } = await planned(input)
  const { estimate, roles } = analyzeByRules(input)
  expect([estimate.tasks, roles]).toEqual([tasks.length, [...new Set(tasks.map((task) => task.role))]])
})

it('with a model as planner it stays a guess', () => {
  const input = { ...base, goal: 'Compare these documents and recommend one', documents: documents(3) }
  expect(analyzeByRules(input).estimate.tasks).toBe(6)
  expect(analyzeByRules({ ...input, simulated: false }).estimate.tasks).toBe(5)
})
