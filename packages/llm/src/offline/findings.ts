import { comparables, relate, stemsOfName, type Comparable, type Relation } from './relate.ts'
import type { Rarity } from './rank.ts'
import type { Statement } from './statements.ts'
import type { Subject } from './subjects.ts'

/** Statements of different sources about one thing that cannot all be true, or that say the same. */
export type Cluster = Readonly<{
  subject: Subject | null
  statements: readonly Statement[]
  /** What differs, in the words of the statements; empty where they agree. */
  why: readonly string[]
  strength: number
}>

export type Findings = Readonly<{ conflicts: readonly Cluster[]; agreements: readonly Cluster[] }>

type Pair = Readonly<{ a: Comparable; b: Comparable; relation: Relation; subject: Subject | null }>

/** Comparing is quadratic: beyond this the least relevant statements are left out. `statements` come best first. */
const MAX_COMPARED = 260
const MAX_PER_CLUSTER = 5

/** Compares statements of different documents that share a subject, or, without any subjects, all of them. */
export function findRelations(
  statements: readonly Statement[],
  subjectsOf: ReadonlyMap<Statement, readonly Subject[]>,
  subjects: readonly Subject[],
  rarity: Rarity,
): Findings {
  const names = new Set(subjects.flatMap((subject) => [...stemsOfName(subject.name)]))
  const compared = statements.slice(0, MAX_COMPARED).flatMap((statement) => comparables(statement, names))
  const pairs = compared.flatMap((a, i) =>
    compared.slice(i + 1).flatMap((b): Pair[] => {
      const subject = sharedSubject(a.statement, b.statement, subjectsOf, subjects)
      if (subject === undefined || a.statement.document === b.statement.document) return []
      const relation = relate(a, b, rarity)
      return relation === null || (subject === null && isAccident(a, b, relation)) ? [] : [{ a, b, relation, subject }]
    }),
  )
  const conflicts = clusters(pairs, 'conflict', rarity)
  const disputed = new Set(conflicts.flatMap((cluster) => cluster.statements))
  const agreements = clusters(pairs, 'agree', rarity).filter(
    (cluster) => !cluster.statements.some((statement) => disputed.has(statement)),
  )
  return { conflicts, agreements }
}

/** Among statements that name nothing, one common word is an accident, unless it is nearly all that they say. */
const isAccident = (a: Comparable, b: Comparable, { alike }: Relation): boolean =>
  alike < 0.6 && [...a.about].filter((word) => b.about.has(word)).length < 2

/** Undefined: they are about different things. Null: nothing in the material has a name. */
function sharedSubject(
  a: Statement,
  b: Statement,
  subjectsOf: ReadonlyMap<Statement, readonly Subject[]>,
  subjects: readonly Subject[],
): Subject | null | undefined {
  if (subjects.length < 2) return null
  const [left, right] = [subjectsOf.get(a) ?? [], subjectsOf.get(b) ?? []]
  // A sentence that compares two subjects says something else of each.
  if (left.length > 1 || right.length > 1) return undefined
  return left.length === 0 && right.length === 0 ? null : left.find((subject) => right.includes(subject))
}

/** Pairs grow into a cluster around their most alike pair, as long as a statement is like the seed. */
function clusters(pairs: readonly Pair[], kind: Relation['kind'], rarity: Rarity): Cluster[] {
  const open = pairs.filter((pair) => pair.relation.kind === kind).toSorted((x, y) => strengthOf(y) - strengthOf(x))
  const taken = new Set<Statement>()
  const found: Cluster[] = []
  for (const seed of open) {
    const free = [seed.a, seed.b].filter(({ statement }) => !taken.has(statement))
    if (free.length < 2) continue
    const members = growCluster(seed, open, taken, rarity)
    for (const { statement } of members) taken.add(statement)
    found.push({
      subject: seed.subject,
      statements: members.map(({ statement }) => statement).toSorted((x, y) => x.order - y.order),
      why: whyOf(members, open),
      strength: strengthOf(seed),
    })
  }
  return found
}

const strengthOf = ({ relation }: Pair): number =>
  relation.alike + (relation.kind === 'conflict' && relation.by === 'wording' ? 0.1 : 0)

/** The share of the seed's common words, by weight, that a further statement of its cluster holds. */
const LEAST_OF_TOPIC = 0.6

function growCluster(seed: Pair, pairs: readonly Pair[], taken: ReadonlySet<Statement>, rarity: Rarity): Comparable[] {
  const members = [seed.a, seed.b]
  const topic = [...seed.a.about].filter((word) => seed.b.about.has(word))
  const weigh = (words: readonly string[]): number => words.reduce((sum, word) => sum + rarity(word), 0)
  for (const pair of pairs) {
    if (pair.subject !== seed.subject) continue
    for (const candidate of [pair.a, pair.b]) {
      if (members.length >= MAX_PER_CLUSTER || taken.has(candidate.statement)) continue
      const known = members.some((member) => member.statement === candidate.statement)
      const linked = members.includes(pair.a) || members.includes(pair.b)
      const held = weigh(topic.filter((word) => candidate.about.has(word)))
      if (!known && linked && held >= LEAST_OF_TOPIC * weigh(topic)) members.push(candidate)
    }
  }
  return members
}

/** The figures that differ, each once; and what else differs. */
function whyOf(members: readonly Comparable[], pairs: readonly Pair[]): string[] {
  const inside = pairs.filter((pair) => members.includes(pair.a) && members.includes(pair.b))
  const conflicts = inside.flatMap(({ relation }) => (relation.kind === 'conflict' ? [relation] : []))
  const figures = conflicts.filter(({ by }) => by === 'figures').flatMap(({ why }) => why.split(' against '))
  const wording = conflicts.filter(({ by }) => by === 'wording').map(({ why }) => why)
  return [...new Set([...(figures.length > 0 ? [[...new Set(figures)].join(' / ')] : []), ...wording])]
}
