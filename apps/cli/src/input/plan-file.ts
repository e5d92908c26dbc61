import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { issuesOf, parsePlanText, PlanSchema, type PlanInput } from '@flotilla/domain'
import * as v from 'valibot'
import { found, refused, type Read } from './result.ts'

/** A plan from a file: JSON as the API takes it, or the plain `Task N: @role - …` form. */
export async function readPlanFile(file: string, cwd: string): Promise<Read<PlanInput>> {
  let text: string
  try {
    text = await readFile(path.resolve(cwd, file), 'utf8')
  } catch (error) {
    return refused(`the plan ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const json = path.extname(file) === '.json' || text.trimStart().startsWith('{')
  return json ? parseJsonPlan(text, file) : parseTextPlan(text, file)
}

function parseTextPlan(text: string, file: string): Read<PlanInput> {
  const parsed = parsePlanText(text)
  if (parsed.ok) return found(parsed.value)
  const issues = parsed.errors ?? [{ path: '', message: parsed.detail }]
  return refused(...issues.map(({ message }) => `${file}: ${message}`))
}

/** Only the shape: what the graph of the plan must hold is the server's to say. */
function parseJsonPlan(text: string, file: string): Read<PlanInput> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refused(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const parsed = v.safeParse(PlanSchema, value)
  if (parsed.success) return found(value as PlanInput)
  return refused(
    ...issuesOf(parsed.issues).map((issue) => `${file}: ${issue.path === '' ? '/' : issue.path}: ${issue.message}`),
  )
}
