import type { ReadDocument, SearchKnowledge } from '../brief.ts'
import { knowledgeSearchTool } from './knowledge-search.ts'
import { readDocumentTool } from './read-document.ts'
import { createToolRegistry, type ToolRegistry } from './tool-registry.ts'
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
