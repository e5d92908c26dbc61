import { isJudge, type Criterion, type Finding, type Output, type Rule } from '@flotilla/domain'
import type { ReadDocument } from '../brief.ts'
import { describeCriterion } from '../context/describe-criterion.ts'
import { NOT_ANSWERED } from '../prompts/shared.ts'
import { compileCel } from './cel-rule.ts'
import { checkCitations } from './check-citations.ts'
import { compileSchema, outputJson } from './json-schema-rule.ts'
import { compileExpression } from './regular-expression.ts'

export type ArtifactInfo = Readonly<{ name: string; mediaType: string; sizeBytes: number }>
export type RuleInput = Readonly<{
  criteria: readonly Criterion[]
  output: Pick<Output, 'text' | 'citations'>
  artifacts: readonly ArtifactInfo[]
  readDocument: ReadDocument
}>

/** `score` is 1 or 0 where it is left out, by `passed`. */
type Answer = Readonly<{ passed: boolean; rationale: string; score?: number }>

/**
 * Runs all rules among the criteria, in their order; judges are left to a judge. Without any criterion, and whenever there
 * is nothing to judge, the one finding is whether the output is empty. A rule that cannot run has failed, with the reason.
 */
export async function runRules(input: RuleInput): Promise<Finding[]> {
  const rules = input.criteria.filter((criterion) => !isJudge(criterion))
  const empty = notEmpty(input)
  if (rules.length === 0)
    return input.criteria.length === 0 || !empty.passed ? [finding('The output is not empty', empty)] : []
  const findings: Finding[] = []
  for (const rule of rules) findings.push(finding(describeCriterion(rule), await runRule(rule, input)))
  return findings
}

const finding = (criterion: string, { passed, rationale, score }: Answer): Finding => ({
  criterion,
  by: 'rule',
  rationale,
  score: score ?? (passed ? 1 : 0),
  passed,
})

function notEmpty({ output, artifacts }: RuleInput): Answer {
  const chars = lengthOf(output.text)
  if (chars > 0) return { passed: true, rationale: `it has ${chars} characters` }
  if (artifacts.length > 0) return { passed: true, rationale: `it has no text and ${artifacts.length} artifacts` }
  return { passed: false, rationale: 'it has neither text nor artifacts' }
}

async function runRule(rule: Rule, input: RuleInput): Promise<Answer> {
  const { output } = input
  switch (rule.rule) {
    case 'minLength':
      return lengthAnswer(output.text, (chars) => chars >= rule.value, `at least ${rule.value}`)
    case 'maxLength':
      return lengthAnswer(output.text, (chars) => chars <= rule.value, `at most ${rule.value}`)
    case 'contains':
      return holding(output.text.includes(rule.value), `the text "${rule.value}"`)
    case 'matches':
      return matchAnswer(rule.value, output.text)
    case 'jsonSchema':
      return schemaAnswer(rule.schema, output.text)
    case 'citations':
      return citationsAnswer(rule.value, input)
    case 'artifact':
      return artifactAnswer(rule, input.artifacts)
    case 'cel':
      return celAnswer(rule.value, input)
  }
}

const failed = (rationale: string): Answer => ({ passed: false, rationale })
const holding = (passed: boolean, what: string): Answer => ({
  passed,
  rationale: `${passed ? 'it has' : 'it lacks'} ${what}`,
})

/** Characters as people count them in most scripts: code points, without blanks around. */
function lengthOf(text: string): number {
  let count = 0
  for (const _ of text.trim()) count++
  return count
}

function lengthAnswer(text: string, holds: (chars: number) => boolean, expected: string): Answer {
  const chars = lengthOf(text)
  return { passed: holds(chars), rationale: `expected ${expected} characters, found ${chars}` }
}

function matchAnswer(pattern: string, text: string): Answer {
  const expression = compileExpression(pattern)
  return expression.ok ? holding(expression.value(text), `a match of ${pattern}`) : failed(expression.reason)
}

function schemaAnswer(schema: Extract<Rule, { rule: 'jsonSchema' }>['schema'], text: string): Answer {
  const compiled = compileSchema(schema)
  if (!compiled.ok) return failed(compiled.reason)
  const json = outputJson(text)
  if (!json.ok) return failed(json.reason)
  const misfits = compiled.value(json.value)
  return misfits.length === 0 ? { passed: true, rationale: 'it fits the schema' } : failed(misfits.join('; '))
}

/** Every citation has to hold, and there have to be enough. An honest "The documents do not answer" has nothing to cite. */
async function citationsAnswer(minimum: number, { output, readDocument }: RuleInput): Promise<Answer> {
  const checks = await checkCitations(output, readDocument)
  const bad = checks.filter((check) => check.problem !== null)
  const good = checks.length - bad.length
  if (checks.length === 0 && output.text.trim().startsWith(NOT_ANSWERED))
    return { passed: true, rationale: 'it says that the documents do not answer, so there is nothing to cite' }
  if (bad.length > 0) {
    const shown = bad.slice(0, 5).map((check) => `${check.marker}: ${check.problem}`)
    return {
      passed: false,
      score: good / checks.length,
      rationale: `${bad.length} of ${checks.length} citations do not hold: ${shown.join('; ')}`,
    }
  }
  const wanted = minimum === 1 ? '1 citation that holds' : `${minimum} citations that hold`
  const rationale = `expected at least ${wanted}, found ${good}`
  return { passed: good >= minimum, score: Math.min(1, good / minimum), rationale }
}

function artifactAnswer(rule: Extract<Rule, { rule: 'artifact' }>, artifacts: readonly ArtifactInfo[]): Answer {
  const artifact = artifacts.find((item) => item.name === rule.name)
  if (artifact === undefined) {
    const names = artifacts.map((item) => `"${item.name}"`).join(', ')
    return failed(`there is no artifact "${rule.name}"; ${names === '' ? 'none was written' : `written: ${names}`}`)
  }
  if (rule.mediaType === undefined || isMediaType(artifact.mediaType, rule.mediaType))
    return { passed: true, rationale: `it has ${artifact.sizeBytes} bytes of ${artifact.mediaType}` }
  return failed(`expected the media type ${rule.mediaType}, found ${artifact.mediaType}`)
}

/** Parameters such as the character set do not count; `image/*` means any subtype. */
function isMediaType(found: string, expected: string): boolean {
  const essence = (type: string) => (type.split(';')[0] ?? '').trim().toLowerCase()
  const [have, want] = [essence(found), essence(expected)]
  return want.endsWith('/*') ? have.startsWith(want.slice(0, -1)) : have === want
}

function celAnswer(source: string, { output, artifacts }: RuleInput): Answer {
  const expression = compileCel(source)
  if (!expression.ok) return failed(expression.reason)
  const json = outputJson(output.text)
  const answer = expression.value({
    output: { text: output.text, json: json.ok ? json.value : null, citations: output.citations.map((c) => c.marker) },
    artifacts: artifacts.map(({ name, mediaType, sizeBytes }) => ({ name, mediaType, sizeBytes })),
  })
  if (!answer.ok) return failed(answer.reason)
  return { passed: answer.value, rationale: `the expression is ${answer.value}` }
}
