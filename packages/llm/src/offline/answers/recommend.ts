import { cite, inWords, page, plural, quoted, upTo, type Size } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import type { Statement } from '../statements.ts'
import { answerComparison, groupBlocks, statementsByGroup } from './compare.ts'
import { conflictsToShow, contradictionBlocks } from './contradictions.ts'
import { optionsOf, withoutEntitlements } from './options.ts'
import { findRequirements, isSpokenOf, statementsBehind, type Requirement } from './requirements.ts'
import { demandsDecide, standingsOf, type Standing } from './standings.ts'

/** The task "recommend one": options ranked by the demands that the documents make, then by what speaks for and against. */
export function answerRecommendation(all: Evidence, size: Size): string {
  const evidence = withoutEntitlements(all)
  const choice = optionsOf(evidence)
  if (choice.options.length < 2) return page([noOptions(choice.options[0]?.name), answerComparison(evidence, size)])
  const requirements = findRequirements(evidence, choice)
  const standings = standingsOf(evidence, choice, requirements, evidence.findings().conflicts)
  if (!requirements.some(isSpokenOf) && standings.every(({ pro, contra }) => pro.length + contra.length === 0))
    return page([noGrounds(standings), answerComparison(evidence, size)])
  const byWord = !demandsDecide(requirements)
  const shown = conflictsToShow(evidence, size)
  const cited = new Set([
    ...shown.flatMap(({ statements }) => statements),
    ...requirements.flatMap(statementsBehind),
    ...(byWord ? standings.flatMap(({ pro, contra }) => [...pro.slice(0, SHOWN), ...contra.slice(0, SHOWN)]) : []),
  ])
  return page([
    headline(standings, requirements),
    ...(byWord ? byWords(standings, size) : []),
    ...(requirements.length > 0 ? byDemands(standings, requirements, size) : []),
    '## Where the documents contradict each other',
    shown.length === 0
      ? 'No two statements were found that differ in a figure or deny each other.'
      : contradictionBlocks(shown).join('\n'),
    ...besides(standings, evidence, cited, size),
    howReached(requirements),
  ])
}

/** Statements for and against each option. */
const SHOWN = 3

const noOptions = (name: string | undefined): string =>
  `**No recommendation can be drawn up by rule:** the material names ${name === undefined ? 'no options to choose among' : `only one option, ${name}`}. What it says is put side by side below.`

const noGrounds = (standings: readonly Standing[]): string =>
  `**No recommendation: the documents give no grounds for one.** They name ${inWords(
    standings.map(({ option }) => option.name).toSorted(),
  )}, but no statement in them speaks for or against any of these, and none says whether one meets a demand. What they do say is put side by side below.`

/** A lead below this is no lead. */
const CLOSE = 0.5

function headline(standings: readonly Standing[], requirements: readonly Requirement[]): string {
  const [first, second] = standings
  if (first === undefined) return ''
  const sources = [...new Set(requirements.flatMap(({ statement }) => statement.document ?? []))]
  const why = demandsDecide(requirements) ? judged(first, requirements.length, inWords(sources)) : counted(first)
  const close = second !== undefined && first.score - second.score < CLOSE
  const next =
    second === undefined
      ? ''
      : close
        ? ` It is close: ${second.option.name} follows at once.`
        : ` ${second.option.name} comes second.`
  return `**Recommendation: ${first.option.name}** — ${why}.${next}`
}

function counted({ pro, contra }: Standing): string {
  if (pro.length + contra.length === 0) return 'nothing speaks for or against it in so many words'
  return `${plural(pro.length, 'statement')} ${pro.length === 1 ? 'speaks' : 'speak'} for it and ${contra.length} against`
}

function judged({ marks }: Standing, total: number, sources: string): string {
  const unsaid = marks.silent > 0 ? `; on ${marks.silent} nothing was found` : ''
  const denied = marks['not met'] > 0 ? ` and does not meet ${marks['not met']}` : ''
  const parts = [
    `say that it meets ${marks.met}${denied}`,
    ...(marks.disputed > 0 ? [`contradict each other on ${marks.disputed}`] : []),
  ]
  return `of ${plural(total, 'demand')} found in ${sources}, the documents ${inWords(parts)}${unsaid}`
}

const byDemands = (standings: readonly Standing[], requirements: readonly Requirement[], size: Size): string[] => [
  '## What is demanded, and who meets it',
  requirementTable(standings, requirements),
  requirementProofs(standings, requirements, size),
]

const NOT_SAID = 'nothing found'
const SHORT = 70
const short = (text: string): string =>
  text.length <= SHORT ? text : `${text.slice(0, text.lastIndexOf(' ', SHORT))} …`

function requirementTable(standings: readonly Standing[], requirements: readonly Requirement[]): string {
  const head = `| Demand | ${standings.map(({ option }) => option.name).join(' | ')} |`
  const rule = `|---|${standings.map(() => '---').join('|')}|`
  const rows = requirements.map(({ statement, cells }, i) => {
    const marks = standings.map(({ option }) => cells.get(option)?.mark ?? 'silent')
    const demand = `${i + 1}. ${short(statement.text).replaceAll('|', '/')} ${cite(statement)}`
    return `| ${demand} | ${marks.map((mark) => (mark === 'silent' ? NOT_SAID : mark)).join(' | ')} |`
  })
  return [head, rule, ...rows].join('\n')
}

const OTHERS = 3

/** The statements behind the marks: up to two for the first option, one side of each for the others. */
function requirementProofs(standings: readonly Standing[], requirements: readonly Requirement[], size: Size): string {
  const ranked = standings.slice(0, 1 + upTo(OTHERS, size))
  const blocks = requirements.map(({ cells, statement }, i) => {
    const lines = ranked.flatMap(({ option }, rank) => {
      const cell = cells.get(option)
      if (!cell || cell.mark === 'silent') return []
      const most = rank === 0 ? 2 : 1
      const proofs =
        cell.mark === 'met'
          ? cell.pro.slice(0, most)
          : cell.mark === 'not met'
            ? cell.contra.slice(0, most)
            : [...cell.pro.slice(0, 1), ...cell.contra.slice(0, 1)]
      return proofs.map((proof) => `   - ${option.name}, ${cell.mark}: ${quoted(proof)}`)
    })
    const said = lines.length > 0 ? lines : ['   - Nothing was found in the documents on this.']
    return [`${i + 1}. ${statement.text} ${cite(statement)}`, ...said].join('\n')
  })
  return blocks.join('\n')
}

function byWords(standings: readonly Standing[], size: Size): string[] {
  const rows = standings.map(
    ({ option, pro, contra, conflicts }) => `| ${option.name} | ${pro.length} | ${contra.length} | ${conflicts} |`,
  )
  return [
    '## For and against each option',
    ['| Option | Statements for | against | Contradictions |', '|---|---|---|---|', ...rows].join('\n'),
    ...standings.map((standing) => prosAndCons(standing, size)),
  ]
}

function prosAndCons({ option, pro, contra }: Standing, size: Size): string {
  const lines = [
    ...pro.slice(0, upTo(SHOWN, size)).map((statement) => `- For: ${quoted(statement)}`),
    ...contra.slice(0, upTo(SHOWN, size)).map((statement) => `- Against: ${quoted(statement)}`),
  ]
  return lines.length === 0 ? '' : `**${option.name}**\n\n${lines.join('\n')}`
}

/** What has not been quoted yet, in the order of the options' standing; nothing when room is short. */
function besides(
  standings: readonly Standing[],
  evidence: Evidence,
  skip: ReadonlySet<Statement>,
  size: Size,
): string[] {
  if (size < 0.5) return []
  const groups = statementsByGroup(evidence, upTo(4, size), { skip })
  const inOrder = standings.flatMap(({ option }) => {
    const statements = groups.get(option.name)
    return statements ? [[option.name, statements] as const] : []
  })
  return inOrder.length === 0 ? [] : ['## What else the documents say of each option', ...groupBlocks(new Map(inOrder))]
}

function howReached(requirements: readonly Requirement[]): string {
  const basis = !demandsDecide(requirements)
    ? 'Too few demands could be checked, so words that speak for or against an option were counted, and how much of the question its statements hold.'
    : 'A demand counts as met or not met when a statement uses mostly the same words and agrees with it, denies it, or gives a figure inside or outside its bounds. Where nothing was found, the documents may still say it in other words.'
  return `## How this was reached\n\n${basis} Nobody has weighed the sources: a maker's own claim counts as much as a test. Read the contradictions before you decide.`
}
