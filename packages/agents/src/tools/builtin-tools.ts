import type { ToolView } from '@flotilla/domain'
import type { ReadDocument, SearchKnowledge } from '../brief.ts'
import { knowledgeSearchTool } from './knowledge-search.ts'
import { readDocumentTool } from './read-document.ts'
import { createToolRegistry, type ToolRegistry } from './tool-registry.ts'
import type { Tool } from './tool.ts'
import { writeArtifactTool, type SaveArtifact } from './write-artifact.ts'

export type ToolPorts = Readonly<{
  searchKnowledge: SearchKnowledge
  readDocument: ReadDocument
  saveArtifact: SaveArtifact
  /** Told to a model that asks for a document which is not there. */
  documentNames: readonly string[]
}>

export const BUILTIN_TOOLS = ['knowledge_search', 'read_document', 'write_artifact'] as const

/** The built-in tools over one task's ports. */
export const builtinTools = (ports: ToolPorts): ToolRegistry =>
  createToolRegistry([
    knowledgeSearchTool(ports.searchKnowledge),
    readDocumentTool(ports.readDocument, ports.documentNames),
    writeArtifactTool(ports.saveArtifact),
  ])

const nowhere: ToolPorts = {
  searchKnowledge: () => Promise.resolve([]),
  readDocument: () => Promise.resolve(null),
  saveArtifact: () => Promise.resolve({ ok: false, message: 'there is no task' }),
  documentNames: [],
}

/** Every tool that there is, as it is told of: the built-in ones, then these. */
export const toolViews = (own: readonly Tool[]): ToolView[] => [
  ...[...builtinTools(nowhere).values()].map((tool) => viewOf(tool, 'builtin')),
  ...own.map((tool) => viewOf(tool, 'own')),
]

const viewOf = ({ name, description, retry, needsDocuments }: Tool, origin: ToolView['origin']): ToolView => ({
  name,
  description,
  origin,
  retry,
  needsDocuments,
})
