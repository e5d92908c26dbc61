import type * as v from 'valibot'

/** What is wrong with a table of settings by model, each with the model that it is about, in words of the operator. */
export function tableFaults(issues: readonly v.BaseIssue<unknown>[]): string[] {
  const lacking = new Map<string, string[]>()
  const faults: string[] = []
  for (const issue of issues) {
    const [model, ...fields] = (issue.path ?? []).map(({ key }) => String(key))
    if (model === undefined) faults.push(issue.message)
    else if (isLacking(issue)) {
      const subject = subjectOf(model, fields.slice(0, -1))
      lacking.set(subject, [...(lacking.get(subject) ?? []), String(fields.at(-1))])
    } else faults.push(faultOf(issue, model, fields))
  }
  return [...[...lacking].map(([subject, fields]) => `${subject} lacks ${fields.join(', ')}`), ...faults]
}

/** Of an object of fixed fields: `never` is expected in the place of an unknown one. */
const isLacking = ({ type, expected }: v.BaseIssue<unknown>): boolean =>
  type === 'strict_object' && expected !== 'never' && expected !== 'Object'

const subjectOf = (model: string, fields: readonly string[]): string => [`"${model}"`, ...fields].join(' ')

function faultOf(issue: v.BaseIssue<unknown>, model: string, fields: readonly string[]): string {
  const subject = subjectOf(model, fields)
  if (issue.type !== 'strict_object') return `${subject}${fields.length === 0 ? '' : ':'} ${issue.message}`
  return issue.expected === 'never'
    ? `${subjectOf(model, fields.slice(0, -1))} has an unknown field "${fields.at(-1)}"`
    : `${subject} is ${issue.received === 'Array' ? 'a list' : issue.received}, and no object`
}
