import type { Evidence } from '../evidence.ts'
import { isRow, type Statement } from '../statements.ts'
import { named, type Subject } from '../subjects.ts'

/** What there is to choose among, and the one option that a statement is about, if it is about one alone. */
export type Options = Readonly<{
  options: readonly Subject[]
  optionOf: (statement: Statement) => Subject | undefined
}>

const ENTITLEMENT =
  /\b(?:leave|entitle\w*|allowances?|holidays?|vacation|benefits?|days off|absences?|sick(?:ness)?|parental|pension|bonus)\b/i

/** "Sick Leave — Days: 10" is one kind of what everybody gets, and nothing to choose; unless the question names it. */
export function withoutEntitlements(evidence: Evidence): Evidence {
  const { subjects, subjectsOf, statements, question } = evidence
  const isEntitlement = (subject: Subject): boolean => {
    const about = statements.filter(({ text }) => named(text, [subject]).length > 0)
    const rows = about.filter(isRow)
    return (
      rows.length > 0 &&
      rows.every(({ text, headings }) => ENTITLEMENT.test(`${text} ${headings.join(' ')}`)) &&
      about.every((statement) => isRow(statement) || ENTITLEMENT.test(statement.text)) &&
      named(question, [subject]).length === 0
    )
  }
  const kept = subjects.filter((subject) => !isEntitlement(subject))
  if (kept.length === subjects.length) return evidence
  const left = [...subjectsOf].map(([statement, about]): [Statement, Subject[]] => [
    statement,
    about.filter((subject) => kept.includes(subject)),
  ])
  return { ...evidence, subjects: kept, subjectsOf: new Map(left) }
}

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
