import { evaluation } from '../evaluate.ts'
import type { Evidence } from '../evidence.ts'
import type { Cluster } from '../findings.ts'
import { coverage, withoutRepeats, type Ranked } from '../rank.ts'
import { isNormative } from '../relate.ts'
import type { Statement } from '../statements.ts'
import type { Subject } from '../subjects.ts'
import type { Options } from './options.ts'
import { isSpokenOf, type CellMark, type Requirement } from './requirements.ts'

/** How one option stands: to the demands, and by the statements that speak for and against it. */
export type Standing = Readonly<{
  option: Subject
  marks: Readonly<Record<CellMark, number>>
  pro: readonly Statement[]
  contra: readonly Statement[]
  conflicts: number
  score: number
}>

/** What the count of words for and against weighs where demands decide. */
const TIE_BREAK = 0.3
const DISPUTED = -0.3
const ENOUGH_DEMANDS = 2
/** Whether demands decide: enough of them are spoken of. */
export const demandsDecide = (requirements: readonly Requirement[]): boolean =>
  requirements.filter(isSpokenOf).length >= ENOUGH_DEMANDS

/** The options, the best first. */
export function standingsOf(
  evidence: Evidence,
  choice: Options,
  requirements: readonly Requirement[],
  conflicts: readonly Cluster[],
): Standing[] {
  return choice.options
    .map((option) => standingOf(option, evidence, choice, requirements, conflicts))
    .toSorted((a, b) => b.score - a.score || b.option.mentions - a.option.mentions)
}

function standingOf(
  option: Subject,
  evidence: Evidence,
  { optionOf }: Options,
  requirements: readonly Requirement[],
  conflicts: readonly Cluster[],
): Standing {
  const marks: Record<CellMark, number> = { met: 0, 'not met': 0, disputed: 0, silent: 0 }
  const worth: Record<CellMark, number> = { met: 1, 'not met': -1, disputed: DISPUTED, silent: 0 }
  let demanded = 0
  for (const { cells, weight } of requirements) {
    const mark = cells.get(option)?.mark ?? 'silent'
    marks[mark] += 1
    demanded += weight * worth[mark]
  }
  const own = withoutRepeats(
    evidence.ranked.filter(({ statement }) => optionOf(statement) === option && !isNormative(statement.text)),
    evidence.rarity,
  )
  const pro = own.filter(({ statement }) => evaluation(statement.text) > 0)
  const contra = own.filter(({ statement }) => evaluation(statement.text) < 0)
  const said = balance(pro, contra) + fitness(own, evidence)
  return {
    option,
    marks,
    pro: pro.map(({ statement }) => statement),
    contra: contra.map(({ statement }) => statement),
    conflicts: conflicts.filter(
      ({ subject, statements }) =>
        subject === option || (subject === null && statements.some((one) => optionOf(one) === option)),
    ).length,
    score: demanded + (demandsDecide(requirements) ? TIE_BREAK : 1) * said,
  }
}

/** -1 to 1. */
function balance(pro: readonly Ranked[], contra: readonly Ranked[]): number {
  const sum = (list: readonly Ranked[]): number => list.reduce((total, { score }) => total + score, 0)
  return (sum(pro) - sum(contra)) / Math.max(1, sum(pro) + sum(contra))
}

/** 0 to 1: how much of the question the option's fittest statements hold, with the headings above them. */
function fitness(own: readonly Ranked[], { topic, rarity }: Evidence): number {
  const best = own
    .map(({ statement }) => coverage(statement, topic, rarity))
    .toSorted((a, b) => b - a)
    .slice(0, 3)
  return best.reduce((sum, share) => sum + share, 0) / Math.max(1, best.length)
}
