import { isJudge, type Criterion, type Issue } from '@flotilla/domain'
import { compileCel } from './cel-rule.ts'
import { compileSchema } from './json-schema-rule.ts'
import { compileExpression } from './regular-expression.ts'

/** Criteria that could never run, found when a plan is made. `basePath` is the JSON Pointer of the criteria. */
export const criterionIssues = (criteria: readonly Criterion[], basePath: string): Issue[] =>
  criteria.flatMap((criterion, i) => {
    const issue = issueOf(criterion)
    return issue === null ? [] : [{ path: `${basePath}/${i}/${issue.field}`, message: issue.reason }]
  })

function issueOf(criterion: Criterion): { field: string; reason: string } | null {
  if (isJudge(criterion)) return null
  switch (criterion.rule) {
    case 'matches':
      return refused('value', compileExpression(criterion.value))
    case 'jsonSchema':
      return refused('schema', compileSchema(criterion.schema))
    case 'cel':
      return refused('value', compileCel(criterion.value))
    default:
      return null
  }
}

const refused = (field: string, compiled: { ok: true } | { ok: false; reason: string }) =>
  compiled.ok ? null : { field, reason: compiled.reason }
