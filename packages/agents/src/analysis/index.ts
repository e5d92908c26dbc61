export { analyzeByRules, type AnalysisInput } from './analyze-by-rules.ts'
export { analyzeRequest, type AnalysisOutcome } from './analyze-request.ts'
