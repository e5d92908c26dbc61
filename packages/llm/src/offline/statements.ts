import { citationMarker, findCitations } from '@flotilla/domain'
import { NOT_ANSWERED, OFFLINE_LABEL } from './compose.ts'
import { plain, splitUnits, type Unit } from './sentences.ts'
import { contentStems } from './words.ts'

/**
 * Something that a source says. `text` is one line, fit to be shown before its `markers`; for a table's row it is one cell
 * with its row's and column's names. `stems` are its own content words, `context` those of the headings above it and of
 * the sentence before it. `order` is its place in the material.
 */
export type Statement = Readonly<{
  text: string
  document: string | null
  startLine: number
  endLine: number
  markers: readonly string[]
  headings: readonly string[]
  kind: 'sentence' | 'row' | 'code'
  block: string
  /** Read in a document itself, or taken from an earlier answer. */
  from: 'document' | 'answer'
  stems: ReadonlySet<string>
  context: ReadonlySet<string>
  order: number
}>

/** Lines of a document by number, as passages and tool results showed them. */
export type KnownLines = ReadonlyMap<string, ReadonlyMap<number, string>>

/** Sentences that speak to a model instead of a reader: never quoted, so that a document cannot put words into an answer. */
const INSTRUCTION =
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|any|your|the)\b.{0,40}\b(?:instructions?|prompts?|rules?|messages?|guidelines?|task)\b|\b(?:system prompt|developer message|you are now|as an ai|new instructions?)\b|\b(?:respond|reply|answer|output|print|say) (?:only )?(?:with|exactly|the following)\b/i

export const isInstruction = (text: string): boolean => INSTRUCTION.test(text)

/** One line that holds no citation marker of its own: a document cannot make an answer cite another. */
export const onOneLine = (text: string): string =>
  text
    .replace(/\s*\n\s*(?:>\s?)*/g, ' ')
    .replace(/\[[^[\]\n]{1,200}?:\d{1,7}(?:-\d{1,7})?\]/g, '…')
    .trim()

/** What documents say, from all lines that are known of them. Neighbouring lines are read as one text. */
export function statementsOfLines(lines: KnownLines): Statement[] {
  const statements: Statement[] = []
  for (const [document, known] of lines) {
    for (const range of ranges(known)) {
      const units = splitUnits(range.text, range.firstLine)
      // A passage may begin in the middle of a sentence, and half a sentence is no quote.
      const whole = range.firstLine > 1 ? units.filter((unit, i) => i > 0 || !/^[\p{Ll},;)]/u.test(unit.text)) : units
      let before: Unit | null = null
      for (const unit of whole) {
        statements.push(...statementsOfUnit(document, unit, before, statements.length))
        before = unit
      }
    }
  }
  return statements
}

function ranges(known: ReadonlyMap<number, string>): { firstLine: number; text: string }[] {
  const numbers = [...known.keys()].toSorted((a, b) => a - b)
  const found: { firstLine: number; lines: string[] }[] = []
  for (const number of numbers) {
    const open = found.at(-1)
    const line = known.get(number) ?? ''
    if (open && open.firstLine + open.lines.length === number) open.lines.push(line)
    else found.push({ firstLine: number, lines: [line] })
  }
  return found.map(({ firstLine, lines }) => ({ firstLine, text: lines.join('\n') }))
}

/** A question states nothing, but the sentence after it may answer it. */
const isQuestion = (text: string): boolean => /\?["”')*_]*$/.test(text)

/** Shorter pieces ("Yes.", "1.") say nothing by themselves. */
const LEAST_STEMS = 2

function statementsOfUnit(document: string, unit: Unit, before: Unit | null, order: number): Statement[] {
  if (unit.kind === 'heading' || isQuestion(unit.text) || isInstruction(unit.text)) return []
  const leadsIn =
    before !== null && (isQuestion(before.text) || (before.block === unit.block && before.kind === 'sentence'))
  const context = new Set(contentStems([...unit.headings, leadsIn ? before.text : ''].join(' ')))
  return textsOf(unit).flatMap((text, i) => {
    const stems = new Set(contentStems(text))
    if (stems.size < LEAST_STEMS) return []
    const { startLine, endLine, headings, kind } = unit
    return [
      {
        text,
        document,
        startLine,
        endLine,
        markers: [citationMarker(document, startLine, endLine)],
        headings,
        kind: kind === 'heading' ? 'sentence' : kind,
        block: `${document}/${unit.block}`,
        from: 'document',
        stems,
        context,
        order: order + i,
      },
    ]
  })
}

/** Whether a statement is a cell of a table, also where an earlier answer quotes it. */
export const isRow = ({ text }: Pick<Statement, 'text'>): boolean => / — [^.]*: /.test(text)

const BLANK_CELL = /^[\s\-–—/]*$|^n\/a$/i

/** A row of a table with a head says one thing a cell: "Harrow — Fails over within: 5 seconds". */
function textsOf(unit: Unit): string[] {
  if (unit.kind !== 'row') return [unit.kind === 'code' ? onOneLine(unit.text) : readable(unit.text)]
  const [name, ...cells] = unit.cells ?? []
  const named = cells.filter((cell) => cell.head !== '' && !BLANK_CELL.test(cell.value))
  if (name === undefined || named.length === 0) {
    return [
      onOneLine(
        (unit.cells ?? [])
          .map((cell) => cell.value)
          .filter((value) => !BLANK_CELL.test(value))
          .join('; '),
      ),
    ]
  }
  return named.map((cell) => onOneLine(`${name.value} — ${cell.head}: ${cell.value}`))
}

/** Without emphasis, a quotation mark that has lost its other half, and a name said twice: `**Ada:** "Ada signs.` */
function readable(text: string): string {
  const line = plain(onOneLine(text))
  const even = (line.match(/["“”]/g)?.length ?? 0) % 2 === 0
  const whole = even ? line : line.replace(/^((?:[^"“”]{1,40}:\s*)?)["“]/, '$1').replace(/^([^"“”]*)["”]$/, '$1')
  return whole.replace(/^([\p{L}\p{N} .-]{1,40}):\s*(["“]?)(?=\1\b)/u, '$2')
}

/** What an earlier answer says: its cited statements, each with its markers; without any, all its sentences. */
export function statementsOfAnswer(answer: string, origin: string, firstOrder: number): Statement[] {
  const simulated = answer.includes(OFFLINE_LABEL) || answer.trim().startsWith(NOT_ANSWERED)
  const units = underTitles(splitUnits(answer)).filter((unit) => unit.kind !== 'heading' && unit.kind !== 'code')
  const cited = units.flatMap((unit) => citedPieces(unit).map((piece) => ({ unit, ...piece })))
  // The offline model's own words between quotes, and an account of what was not found, state nothing.
  const pieces =
    cited.length > 0 || simulated
      ? cited
      : units.map((unit) => ({ unit, text: onOneLine(plain(unit.text)), markers: [] as string[] }))
  return pieces.flatMap(({ unit, text, markers }, i) => {
    const stems = new Set(contentStems(text))
    if (stems.size < LEAST_STEMS || isInstruction(text)) return []
    const mark = markers[0] === undefined ? undefined : findCitations(markers[0])[0]
    return [
      {
        text,
        document: mark?.document ?? null,
        startLine: mark?.startLine ?? 0,
        endLine: mark?.endLine ?? 0,
        markers,
        headings: unit.headings,
        kind: 'sentence' as const,
        block: `${origin}/${unit.block}`,
        from: 'answer' as const,
        stems,
        context: new Set(contentStems(unit.headings.join(' '))),
        order: firstOrder + i,
      },
    ]
  })
}

/** A line in bold without a source, such as "**Harrow: retention** (7 days / 30 days)", heads what follows it. */
function underTitles(units: readonly Unit[]): Unit[] {
  let title: string | null = null
  return units.map((unit) => {
    if (unit.kind === 'heading') title = null
    else if (unit.text.startsWith('**') && findCitations(unit.text).length === 0) title = plain(unit.text)
    return title === null ? unit : { ...unit, headings: [...unit.headings, title] }
  })
}

/** The text before each run of markers, with them. */
function citedPieces(unit: Unit): { text: string; markers: string[] }[] {
  const source = unit.kind === 'row' ? unit.text.replaceAll('|', ' ') : unit.text
  const pieces: { text: string; markers: string[] }[] = []
  let end = 0
  for (const mark of findCitations(source)) {
    const between = source.slice(end, mark.at)
    end = mark.at + mark.marker.length
    const last = pieces.at(-1)
    if (last && !/[\p{L}\p{N}]/u.test(between)) last.markers.push(mark.marker)
    else pieces.push({ text: tidy(between), markers: [mark.marker] })
  }
  return pieces.filter((piece) => piece.text !== '')
}

/** Without the source's name, which answers put before a quote, and without loose punctuation at the ends. */
const tidy = (text: string): string =>
  onOneLine(text)
    .replace(/^[\s.,;:–—-]+/, '')
    .replace(/^[\w.-]+\.\w{1,5}: /, '')
    .replace(/[\s,;:(]+$/, '')
