export { BUILTIN_TOOLS, builtinTools, toolViews, type ToolPorts } from './builtin-tools.ts'
export {
  defineTool,
  type Reconciled,
  type RetryClass,
  type Tool,
  type ToolCallContext,
  type ToolOutcome,
} from './tool.ts'
export { loadTools, type LoadedTools } from './load-tools.ts'
export { createToolRegistry, planToolIssues, toolSpecs, unknownToolIssues, type ToolRegistry } from './tool-registry.ts'
export { mediaTypeOf, type ArtifactToSave, type SaveArtifact } from './write-artifact.ts'
