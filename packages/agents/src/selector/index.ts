export { draftAgent } from './draft-agent.ts'
export { selectAgent, type SelectionInput } from './select-agent.ts'
