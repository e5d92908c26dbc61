import { isJudge, type Criterion, type Rule } from '@flotilla/domain'

/** A criterion as a sentence: what the agent is told before, and what a finding names after. */
export const describeCriterion = (criterion: Criterion): string =>
  isJudge(criterion) ? criterion.judge : describeRule(criterion)

function describeRule(rule: Rule): string {
  switch (rule.rule) {
    case 'minLength':
      return `The answer has at least ${rule.value} characters`
    case 'maxLength':
      return `The answer has at most ${rule.value} characters`
    case 'contains':
      return `The answer contains the text "${rule.value}"`
    case 'matches':
      return `The answer matches the regular expression ${rule.value}`
    case 'jsonSchema':
      return `The answer is JSON, and nothing else, of the schema ${JSON.stringify(rule.schema)}`
    case 'citations':
      return `The answer cites the documents at least ${rule.value === 1 ? 'once' : `${rule.value} times`}, each citation resolving to lines that exist`
    case 'artifact':
      return `The artifact "${rule.name}"${rule.mediaType === undefined ? '' : ` of type ${rule.mediaType}`} was written`
    case 'cel':
      return `This CEL expression over the output holds: ${rule.value}`
  }
}
