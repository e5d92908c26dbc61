import { cite, inWords, page, plural, quoted, upTo, type Size } from '../compose.ts'
import { evaluation } from '../evaluate.ts'
import type { Evidence } from '../evidence.ts'
import type { Cluster } from '../findings.ts'
import { withoutRepeats } from '../rank.ts'
import { isNormative } from '../relate.ts'
import type { Statement } from '../statements.ts'
import type { Subject } from '../subjects.ts'
import { answerComparison, groupBlocks, statementsByGroup } from './compare.ts'
import { conflictsToShow, contradictionBlocks } from './contradictions.ts'
import { findRequirements, statementsBehind, type CellMark, type Requirement } from './requirements.ts'

/** What the count of words for and against weighs where demands decide. */
const TIE_BREAK = 0.3

type Standing = Readonly<{
  option: Subject
  met: number
  failed: number
  disputed: number
  silent: number
  pro: readonly Statement[]
  contra: readonly Statement[]
  conflicts: number
  score: number
}>

/** The task "recommend one": options ranked by the demands that the documents make, then by what speaks for and against. */
export function answerRecommendation(evidence: Evidence, size: Size): string {
  const options = evidence.subjects
  if (options.length < 2) return page([noOptions(evidence), answerComparison(evidence, size)])
  const requirements = findRequirements(evidence, options)
  const conflicts = evidence.findings().conflicts
  const standings = options
    .map((option) => standingOf(option, requirements, conflicts, evidence))
    .toSorted((a, b) => b.score - a.score || b.option.mentions - a.option.mentions)
  const shown = conflictsToShow(evidence, size)
  const cited = new Set([...shown.flatMap(({ statements }) => statements), ...requirements.flatMap(statementsBehind)])
  return page([
    headline(standings, requirements),
    ...(requirements.length < 2
      ? [
          '## For and against each option',
          standingTable(standings),
          ...standings.map((standing) => prosAndCons(standing, size)),
        ]
      : [
          '## What is demanded, and who meets it',
          requirementTable(standings, requirements),
          requirementProofs(standings, requirements, size),
        ]),
    '## Where the documents contradict each other',
    shown.length === 0
      ? 'No two statements were found that differ in a figure or deny each other.'
      : contradictionBlocks(shown).join('\n'),
    ...(size < 0.5
      ? []
      : ['## What else the documents say of each option', ...besides(standings, evidence, cited, size)]),
    howSure(standings, requirements),
  ])
}

/** In the order of the options' standing. */
function besides(
  standings: readonly Standing[],
  evidence: Evidence,
  skip: ReadonlySet<Statement>,
  size: Size,
): string[] {
  const groups = statementsByGroup(evidence, upTo(4, size), { skip })
  return groupBlocks(
    new Map(
      standings.flatMap(({ option }) => {
        const statements = groups.get(option.name)
        return statements ? [[option.name, statements] as const] : []
      }),
    ),
  )
}

const noOptions = ({ subjects }: Evidence): string =>
  `**No recommendation can be drawn up by rule:** the material names ${subjects.length === 1 ? `only one option, ${subjects[0]?.name}` : 'no options to choose among'}. What it says is put side by side below.`

function standingOf(
  option: Subject,
  requirements: readonly Requirement[],
  conflicts: readonly Cluster[],
  evidence: Evidence,
): Standing {
  const weights: Record<CellMark, number> = { met: 0, 'not met': 0, disputed: 0, silent: 0 }
  const counts: Record<CellMark, number> = { met: 0, 'not met': 0, disputed: 0, silent: 0 }
  for (const { cells, weight } of requirements) {
    const mark = cells.get(option)?.mark ?? 'silent'
    weights[mark] += weight
    counts[mark] += 1
  }
  const own = withoutRepeats(
    evidence.ranked.filter(({ statement }) => isAbout(statement, option, evidence)),
    evidence.rarity,
  )
  const pro = own.filter(({ statement }) => evaluation(statement.text) > 0)
  const contra = own.filter(({ statement }) => evaluation(statement.text) < 0)
  const fitness = (list: typeof own): number => list.reduce((sum, { score }) => sum + score, 0)
  const balance = (fitness(pro) - fitness(contra)) / Math.max(1, fitness(pro) + fitness(contra))
  return {
    option,
    met: counts.met,
    failed: counts['not met'],
    disputed: counts.disputed,
    silent: counts.silent,
    pro: pro.map(({ statement }) => statement),
    contra: contra.map(({ statement }) => statement),
    conflicts: conflicts.filter(({ subject }) => subject === option).length,
    score:
      weights.met - weights['not met'] - 0.3 * weights.disputed + (requirements.length < 2 ? 1 : TIE_BREAK) * balance,
  }
}

const isAbout = (statement: Statement, option: Subject, { subjectsOf }: Evidence): boolean => {
  const about = subjectsOf.get(statement) ?? []
  return about.length === 1 && about[0] === option && !isNormative(statement.text)
}

function headline(standings: readonly Standing[], requirements: readonly Requirement[]): string {
  const [first, second] = standings
  if (first === undefined) return ''
  const sources = [...new Set(requirements.map(({ statement }) => statement.document ?? ''))].filter(
    (name) => name !== '',
  )
  const demands = requirements.length < 2 ? counted(first) : judged(first, requirements.length, inWords(sources))
  const close = second !== undefined && first.score - second.score < 0.5
  const next =
    second === undefined
      ? ''
      : close
        ? ` It is close: ${second.option.name} follows at once.`
        : ` ${second.option.name} comes second.`
  return `**Recommendation: ${first.option.name}** — ${demands}.${next}`
}

const counted = ({ pro, contra }: Standing): string =>
  `${plural(pro.length, 'statement')} speak for it and ${contra.length} against`

function judged({ met, disputed, failed }: Standing, total: number, sources: string): string {
  const doubts = [
    ...(disputed > 0 ? [`contradict each other on ${disputed}`] : []),
    ...(failed > 0 ? [`deny ${failed}`] : []),
  ]
  return `of ${plural(total, 'demand')} found in ${sources}, the documents say that it meets ${met}${doubts.length > 0 ? ` and ${inWords(doubts)}` : ' and deny none'}`
}

const SHORT = 70
const short = (text: string): string =>
  text.length <= SHORT ? text : `${text.slice(0, text.lastIndexOf(' ', SHORT))} …`
const cellText = (text: string): string => text.replaceAll('|', '/')

function requirementTable(standings: readonly Standing[], requirements: readonly Requirement[]): string {
  const head = `| Demand | ${standings.map(({ option }) => option.name).join(' | ')} |`
  const rule = `|---|${standings.map(() => '---').join('|')}|`
  const rows = requirements.map(({ statement, cells }, i) => {
    const marks = standings.map(({ option }) => cells.get(option)?.mark ?? 'silent')
    return `| ${i + 1}. ${cellText(short(statement.text))} ${cite(statement)} | ${marks.map((mark) => (mark === 'silent' ? '–' : mark)).join(' | ')} |`
  })
  return [head, rule, ...rows].join('\n')
}

/** The statements behind the marks: all of the first option's, and what tells against the others. */
function requirementProofs(standings: readonly Standing[], requirements: readonly Requirement[], size: Size): string {
  const others = standings.slice(1, 1 + upTo(3, size))
  const blocks = requirements.map(({ cells, statement }, i) => {
    const lines = [standings[0], ...others].flatMap((standing, rank) => {
      const cell = standing && cells.get(standing.option)
      if (!cell || cell.mark === 'silent') return []
      const [pro, contra] = [cell.pro.slice(0, rank === 0 ? 2 : 1), cell.contra.slice(0, rank === 0 ? 2 : 1)]
      const proof =
        cell.mark === 'met' ? pro : cell.mark === 'not met' ? contra : [...pro.slice(0, 1), ...contra.slice(0, 1)]
      return proof.map((found) => `   - ${standing.option.name}, ${cell.mark}: ${quoted(found)}`)
    })
    return `${i + 1}. ${statement.text} ${cite(statement)}\n${lines.join('\n')}`
  })
  return blocks.join('\n')
}

function standingTable(standings: readonly Standing[]): string {
  const rows = standings.map(
    ({ option, pro, contra, conflicts }) => `| ${option.name} | ${pro.length} | ${contra.length} | ${conflicts} |`,
  )
  return ['| Option | Statements for | against | Contradictions |', '|---|---|---|---|', ...rows].join('\n')
}

function prosAndCons({ option, pro, contra }: Standing, size: Size): string {
  const lines = [
    ...pro.slice(0, upTo(3, size)).map((statement) => `- For: ${quoted(statement)}`),
    ...contra.slice(0, upTo(3, size)).map((statement) => `- Against: ${quoted(statement)}`),
  ]
  return lines.length === 0 ? '' : `**${option.name}**\n\n${lines.join('\n')}`
}

function howSure(standings: readonly Standing[], requirements: readonly Requirement[]): string {
  const silent = standings[0]?.silent ?? 0
  const gaps =
    silent > 0 ? ` On ${plural(silent, 'demand')} no statement about ${standings[0]?.option.name} was found.` : ''
  const basis =
    requirements.length > 0
      ? 'A demand counts as met or not met when a statement uses mostly the same words and agrees with it, denies it, or gives a figure inside or outside its bounds.'
      : 'The documents make no demands that could be checked, so words that speak for or against were counted.'
  return `## How this was reached\n\n${basis}${gaps} Nobody has weighed the sources: a maker’s own claim counts as much as a test. Read the contradictions before you decide.`
}
