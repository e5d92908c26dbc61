import { stem, wordsOf } from './words.ts'

const stems = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/).map(stem))

/** Words that speak for a thing, and against it, in most fields. */
const GOOD = stems(`
  safe safely reliable reliably durable survive survives correct correctly consistent guarantee guarantees guaranteed recover recovers
  supported supports support automatic easy easily simple fast quickly cheap free stable robust accurate accurately proven tested
  secure better best strong stronger improve improved improves benefit benefits advantage advantages success successful efficient
  comfortable excellent good great precise healthy tasty tender crisp balanced flexible generous transparent well recommended harmless
  convincing intact fine
`)
const BAD = stems(`
  lose loses lost loss losing fail fails failed failure crash corrupt corrupted duplicate duplicates unsafe insecure unreliable risk risky risks slow slower
  slowly expensive outage missing broken break breaks weak worse worst poor poorly difficult hard wrong error errors bug bugs delay
  delayed delays stale complex complicated vulnerable vulnerability breach leak incident damage danger dangerous problem
  problems drawback drawbacks disadvantage disadvantages limited limitation unsupported unavailable incomplete burnt soggy bland
  inaccurate uncertain worry worries worried gone refused behind dispute complaint
`)
/** "Survives the loss", "prevents errors": what comes after is turned as by a negation. */
const FLIPS =
  /^(?:survives?|survived|prevents?|prevented|avoids?|avoided|protects?|tolerates?|no|not|never|none|nobody|nothing|without|neither|nor|cannot|hardly|few|zero)$|n't$/
const REACH = 4

/** Above 0 for a statement that speaks well of its subject, below for one that does not: words, turned by negations. */
export function evaluation(text: string): number {
  let total = 0
  for (const clause of text
    .replace(/\bfail(?:s|ed|ing)?[ -]?over\b/gi, 'switch')
    .split(/[,;:()—]|\. | but | because /)) {
    let flip = 0
    for (const word of wordsOf(clause)) {
      if (FLIPS.test(word)) {
        flip = REACH
        total += GOOD.has(stem(word)) ? 1 : 0
        continue
      }
      const root = stem(word)
      const value = GOOD.has(root) ? 1 : BAD.has(root) ? -1 : 0
      total += flip > 0 ? -value : value
      // "Lost no job": the negation comes after the word that it turns.
      flip = Math.max(0, flip - 1)
    }
    if (/\b(?:lose|lost|loses|losing|broke|drop(?:s|ped)?)\s+(?:no|none|nothing)\b/i.test(clause)) total += 2
  }
  if (/ — .*\b(?:lost|failures?|errors?|duplicates?|defects?|incidents?)\b.*: 0$/i.test(text)) total += 2
  return Math.sign(total)
}
