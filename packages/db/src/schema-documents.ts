import type { ColumnType, Generated } from 'kysely'

export interface CollectionTable {
  id: Generated<number>
  workspace_id: number
  run_id: number | null
}

export interface DocumentTable {
  collection_id: number
  n: number
  workspace_id: number
  name: string
  content: string
  size_bytes: number
  lines: number
  sha256: string
  indexed: Generated<boolean>
  media_type: string | null
  media: Buffer | null
  pages: number | null
}

export interface ChunkTable {
  collection_id: number
  document_n: number
  n: number
  workspace_id: number
  start_line: number
  end_line: number
  start_at: number
  end_at: number
  body: string
  words: ColumnType<string, never, never>
  embedding: Buffer | null
  embedding_model: string | null
}
