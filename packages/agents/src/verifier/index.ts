export { checkCitations, type CitationCheck } from './check-citations.ts'
export { criterionIssues } from './criterion-issues.ts'
export { judge, type JudgeDeps, type JudgeInput, type JudgeOutcome } from './judge.ts'
export { runRules, type ArtifactInfo, type RuleInput } from './run-rules.ts'
