import type { ViolationKind } from '../history/history.ts'

/** One edit of one file. `find` stands in it exactly once. */
export type Edit = Readonly<{ file: string; find: string; replace: string }>

/** Test files, any test of which may kill; or a campaign, any of whose violations of these kinds does. */
export type Killer =
  | Readonly<{ by: 'tests'; project: 'unit' | 'integration'; files: readonly string[] }>
  | Readonly<{ by: 'campaign'; args: readonly string[]; violations: readonly ViolationKind[] }>

/** The product with one safety line less. */
export type Mutant = Readonly<{
  name: string
  /** What the line is there for. */
  guards: string
  edits: readonly Edit[]
  killer: Killer
}>
