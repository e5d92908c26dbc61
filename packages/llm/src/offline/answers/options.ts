import type { Evidence } from '../evidence.ts'
import type { Statement } from '../statements.ts'
import type { Subject } from '../subjects.ts'

/** What there is to choose among, and the one option that a statement is about, if it is about one alone. */
export type Options = Readonly<{
  options: readonly Subject[]
  optionOf: (statement: Statement) => Subject | undefined
}>

/** The subjects with names; where there are not two of them, the documents themselves, by their titles. */
export function optionsOf(evidence: Evidence): Options {
  const { subjects, subjectsOf } = evidence
  if (subjects.length >= 2) {
    const optionOf = (statement: Statement): Subject | undefined => {
      const about = subjectsOf.get(statement) ?? []
      return about.length === 1 ? about[0] : undefined
    }
    return { options: subjects, optionOf }
  }
  const byDocument = new Map<string, Subject>()
  for (const { document } of evidence.statements) {
    if (document === null || byDocument.has(document)) continue
    const own = evidence.statements.filter((statement) => statement.document === document)
    // An earlier answer's headings are no titles.
    const title = own.find(({ from }) => from === 'document')?.headings[0]
    const name = title === undefined ? document : `${title} (${document})`
    byDocument.set(document, { name, stems: [], mentions: own.length })
  }
  return { options: [...byDocument.values()], optionOf: ({ document }) => byDocument.get(document ?? '') }
}
