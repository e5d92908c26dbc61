import { quantitiesIn, type Quantity } from './quantities.ts'
import type { Rarity } from './rank.ts'
import type { Statement } from './statements.ts'
import { contentStems, fold, stem, wordsOf } from './words.ts'

/** What two statements about the same thing are to each other. `why` says what differs. `alike` is 0–1. */
export type Relation =
  | Readonly<{ kind: 'agree'; alike: number }>
  | Readonly<{ kind: 'conflict'; alike: number; why: string; by: 'figures' | 'wording' }>

/** What comparing needs of one clause of a statement, worked out once. */
export type Comparable = Readonly<{
  statement: Statement
  /** Stems without figures and without the subject's name. */
  about: ReadonlySet<string>
  quantities: readonly Quantity[]
  negated: ReadonlySet<string>
  /** It says what should be, not what is. */
  normative: boolean
  sides: ReadonlyMap<string, string>
}>

const CLAUSES =
  /;\s+|(?<=\p{L}): (?=.{20})|,? (?:so|but|because|since|although|though|while|whereas|and then|not even|even) (?=.{15})| and (?=(?:must|should|shall|may|can|will) )/u
/** "A system that does not lose jobs" says nothing of the sentence's subject; what it works with ("with a key that …") does. */
const OF_ANOTHER = /(?<!\b(?:with|by|using) )\b(?:a|an|any|some|another) [\p{L}-]+ (?:that|which|who) .*$/u

/** The clauses of a statement that can be compared: what is said in one is not held against what is said in the next. */
export function comparables(statement: Statement, names: ReadonlySet<string>): Comparable[] {
  const texts = statement.kind === 'row' ? [statement.text] : statement.text.split(CLAUSES)
  const clauses = texts.map((text) => clauseOf(statement, text.replace(OF_ANOTHER, ''), names))
  return clauses.filter((clause) => clause.about.size > 0)
}

/** What is counted in is no topic: statements are not alike for both naming seconds. */
const UNIT_WORDS = /\b(?:(?:milli)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|kb|mb|gb|percent)\b/giu

function clauseOf(statement: Statement, text: string, names: ReadonlySet<string>): Comparable {
  const stems = contentStems(text.replaceAll(UNIT_WORDS, ' '))
  return {
    statement,
    about: new Set(stems.filter((word) => !/^\d/.test(word) && !names.has(word) && !isNegator(word))),
    quantities: quantitiesIn(text),
    negated: negatedStems(text),
    normative: isNormative(statement.text),
    sides: sidesOf(text),
  }
}

export const isNormative = (text: string): boolean =>
  /\b(?:must|should|shall|ought|needs? to|has to|have to|is to be|are to be|required to|requires? that|we (?:need|want|require))\b/i.test(
    text,
  )

const LEAST_SHARED = 2
const LIKE_ENOUGH = { term: 0.12, denial: 0.42, opposite: 0.34, figures: 0.3, agreement: 0.5 }

/** Compares two clauses that have the same subject; null when they are about different things. */
export function relate(a: Comparable, b: Comparable, rarity: Rarity): Relation | null {
  if (a.normative !== b.normative) return null
  const shared = [...a.about].filter((word) => b.about.has(word))
  const alike = likeness(a.about, b.about, rarity)
  const opposite = oppositeOf(a, b)
  if (opposite?.term && shared.length > 0 && alike >= LIKE_ENOUGH.term) return conflict('wording', opposite.why, alike)
  if (shared.length < LEAST_SHARED && !(shared.length === 1 && alike >= 0.5)) return null
  if (opposite && alike >= LIKE_ENOUGH.opposite) return conflict('wording', opposite.why, alike)
  const bothDeny = a.negated.size > 0 && b.negated.size > 0
  if (alike >= LIKE_ENOUGH.denial && !bothDeny && isDenied(a, b, shared))
    return conflict('wording', 'one denies what the other says', alike)
  const figures = alike >= LIKE_ENOUGH.figures ? figureConflict(a.quantities, b.quantities) : null
  if (figures !== null) return conflict('figures', figures, alike)
  return alike >= LIKE_ENOUGH.agreement ? { kind: 'agree', alike } : null
}

const conflict = (by: 'figures' | 'wording', why: string, alike: number): Relation => ({
  kind: 'conflict',
  by,
  why,
  alike,
})

/** Shared weight of what both are about, seen from the shorter one as much as from both together. */
export function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>, rarity: Rarity): number {
  const weigh = (words: Iterable<string>): number => [...words].reduce((sum, word) => sum + rarity(word), 0)
  const [first, second] = [weigh(a), weigh(b)]
  const shared = weigh([...a].filter((word) => b.has(word)))
  if (first === 0 || second === 0) return 0
  return (
    0.5 * ((2 * shared) / (first + second)) +
    0.5 * (shared / Math.min(first, second)) * Math.min(1, Math.min(a.size, b.size) / 4)
  )
}

/** Figures of each unit of which none of the one fits one of the other. */
function figureConflict(a: readonly Quantity[], b: readonly Quantity[]): string | null {
  const [left, right]: [Quantity[], Quantity[]] = [[], []]
  for (const unit of new Set(a.map((quantity) => quantity.unit))) {
    const [mine, other] = [
      a.filter((quantity) => quantity.unit === unit),
      b.filter((quantity) => quantity.unit === unit),
    ]
    if (unit === '' || other.length === 0) continue
    if (mine.some((one) => other.some((quantity) => fits(one, quantity)))) continue
    left.push(...mine)
    right.push(...other)
  }
  return left.length === 0 ? null : `${listed(left)} against ${listed(right)}`
}

/** Equal, or one is a bound that the other keeps. */
function fits(a: Quantity, b: Quantity): boolean {
  if (Math.abs(b.value - a.value) <= 0.01 * Math.abs(a.value)) return true
  if ((a.bound === null) === (b.bound === null)) return false
  const [bound, value] = a.bound === null ? [b, a.value] : [a, b.value]
  return bound.bound === 'upper' ? value <= bound.value : value >= bound.value
}

const listed = (quantities: readonly Quantity[]): string => [...new Set(quantities.map(({ text }) => text))].join(', ')

/** They stand on different sides of an opposite; denying one side is taking the other. `term`: the opposite is itself the topic. */
export function oppositeOf(a: Comparable, b: Comparable): { why: string; term: boolean } | null {
  if (a.negated.size > 0 !== b.negated.size > 0) return null
  for (const [axis, side] of a.sides) {
    const other = b.sides.get(axis)
    if (other !== undefined && other !== side)
      return {
        why: [side, other]
          .toSorted()
          .map((name) => `"${name}"`)
          .join(' against '),
        term: TERMS.has(axis),
      }
  }
  return null
}

export const isDenied = (a: Comparable, b: Comparable, shared: readonly string[]): boolean =>
  shared.some((word) => a.negated.has(word)) !== shared.some((word) => b.negated.has(word))

const NEGATORS: ReadonlySet<string> = new Set(
  'no not never none nobody nothing neither nor cannot hardly unable impossible lacks'.split(' '),
)
const isNegator = (word: string): boolean => NEGATORS.has(word) || word.endsWith("n't")
/** Where what is denied ends. */
const CLAUSE_END = /^(?:but|because|although|though|while|whereas|unless|until|so|and|or|if|when|which|that|as|to)$/
/** Content words that are denied: the verb after "not", the noun with its adjectives and its verb after "no". */
const REACH = { verb: 1, noun: 3 }
const DENIES_A_NOUN = /^(?:no|none|neither|nor)$/
const NOTHING_COUNTED = / — .*: (?:0|none|no|never|keine?)$/i
const FAILS_TO = /\bfail(?:s|ed|ing)? to /gi

/** Stems that stand behind a negation in its clause; all of them in a row of a table that counts none. */
export function negatedStems(text: string): ReadonlySet<string> {
  if (NOTHING_COUNTED.test(text)) return new Set(contentStems(text))
  const negated = new Set<string>()
  for (const clause of text.replaceAll(FAILS_TO, ' not ').split(/[,;:()"“”—]|\. /)) {
    let reach = 0
    for (const word of wordsOf(clause)) {
      if (isNegator(word)) reach = DENIES_A_NOUN.test(word) ? REACH.noun : REACH.verb
      else if (CLAUSE_END.test(word)) reach = 0
      else if (reach > 0 && !word.endsWith('ly')) {
        const roots = contentStems(word)
        if (roots.length > 0) reach -= 1
        for (const root of roots) negated.add(root)
      }
    }
  }
  return negated
}

/** Axes whose words are a topic of their own, however little else two statements share. */
const TERMS: ReadonlySet<string> = new Set(['delivery'])

/** Opposites of which one excludes the other when two statements are about the same. The first that matches is the side. */
const AXES: readonly (readonly [axis: string, sides: readonly (readonly [name: string, pattern: RegExp])[]])[] = [
  [
    'delivery',
    [
      ['exactly once', /\bexactly[- ]once\b/],
      ['at least once', /\bat[- ]least[- ]once\b/],
      ['at most once', /\bat[- ]most[- ]once\b/],
    ],
  ],
  [
    'order',
    [
      ['before', /\bbefore\b/],
      ['after', /\b(?:only )?(?:after|once)\b/],
    ],
  ],
  [
    'timing',
    [
      ['asynchronous', /\basync(?:hronous(?:ly)?)?\b/],
      ['synchronous', /\bsync(?:hronous(?:ly)?)?\b/],
    ],
  ],
  [
    'frequency',
    [
      ['never', /\bnever\b/],
      ['always', /\b(?:always|every|each) ?time\b|\balways\b/],
    ],
  ],
  [
    'switch',
    [
      ['off', /\b(?:off|disabled)\b/],
      ['on', /\b(?:switched|turned|is|are) on\b|\benabled\b/],
    ],
  ],
  [
    'duty',
    [
      ['optional', /\b(?:optional|voluntary)\b/],
      ['mandatory', /\b(?:mandatory|compulsory|obligatory|required)\b/],
    ],
  ],
  [
    'permission',
    [
      ['forbidden', /\b(?:forbidden|prohibited|must not|may not|not allowed|not permitted)\b/],
      ['allowed', /\b(?:allowed|permitted|may)\b/],
    ],
  ],
  [
    'direction',
    [
      ['decrease', /\b(?:decreas\w+|falls?|fell|drops?|dropped|declin\w+|lower)\b/],
      ['increase', /\b(?:increas\w+|rises?|rose|grows?|grew|higher)\b/],
    ],
  ],
  [
    'comparison',
    [
      ['slower', /\bslow(?:er|est)?\b/],
      ['faster', /\bfast(?:er|est)?\b/],
    ],
  ],
  [
    'hand',
    [
      ['manual', /\b(?:manual(?:ly)?|by hand)\b/],
      ['automatic', /\bautomatic(?:ally)?\b|\bby itself\b/],
    ],
  ],
  [
    'risk',
    [
      ['unsafe', /\b(?:unsafe|dangerous|harmful)\b/],
      ['safe', /\b(?:safe|harmless)\b/],
    ],
  ],
  [
    'heat',
    [
      ['cold', /\bcold\b/],
      ['hot', /\bhot\b/],
    ],
  ],
  [
    'cover',
    [
      ['covered', /(?<!un)\bcovered\b/],
      ['uncovered', /\buncovered\b/],
    ],
  ],
]

function sidesOf(text: string): ReadonlyMap<string, string> {
  const folded = fold(text)
  const sides = new Map<string, string>()
  for (const [axis, all] of AXES) {
    const matching = all.filter(([, pattern]) => pattern.test(folded))
    const [only] = matching
    // A statement that names both sides takes neither.
    if (only && matching.length === 1) sides.set(axis, only[0])
  }
  return sides
}

/** Stems of a name, to be left out when statements about it are compared. */
export const stemsOfName = (name: string): ReadonlySet<string> => new Set(wordsOf(name).map(stem))
