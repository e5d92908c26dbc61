import { stem } from './words.ts'

/**
 * A figure with what it counts. Durations are in seconds, sizes in bytes; other units are the counted word's stem. A bound
 * says that it is no value, but what values stay under or over.
 */
export type Quantity = Readonly<{ value: number; unit: string; text: string; bound: Bound | null }>
export type Bound = 'upper' | 'lower'

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  ninety: 90,
  hundred: 100,
}

const UNITS: readonly (readonly [pattern: RegExp, unit: string, factor: number])[] = [
  [/^(?:ms|msec|milliseconds?|millis)$/i, 's', 0.001],
  [/^(?:s|secs?|seconds?)$/i, 's', 1],
  [/^(?:min|mins|minutes?)$/i, 's', 60],
  [/^(?:h|hrs?|hours?)$/i, 's', 3_600],
  [/^(?:d|days?)$/i, 's', 86_400],
  [/^weeks?$/i, 's', 604_800],
  [/^months?$/i, 's', 2_629_800],
  [/^years?$/i, 's', 31_557_600],
  [/^(?:b|bytes?)$/i, 'bytes', 1],
  [/^(?:kb|kib|kilobytes?)$/i, 'bytes', 1_024],
  [/^(?:mb|mib|megabytes?)$/i, 'bytes', 1_048_576],
  [/^(?:gb|gib|gigabytes?)$/i, 'bytes', 1_073_741_824],
  [/^(?:tb|tib|terabytes?)$/i, 'bytes', 1_099_511_627_776],
  [/^(?:%|percent|per cent)$/i, '%', 1],
  [/^(?:dollars?|usd|\$)$/i, 'usd', 1],
  [/^(?:euros?|eur|€)$/i, 'eur', 1],
]

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** "31 March", "March 31"; months and days are enough to tell two deadlines apart. */
const DATE =
  /\b(?:(\d{1,2})\.? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{1,2})(?!\d))\b/gi
const CLOCK = /\b(\d{1,2}):(\d{2})\b/g

/** Dates, clock times, versions, section numbers and ordinals count nothing. */
const NO_QUANTITY =
  /\b\d{4}-\d{2}(?:-\d{2})?\b|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b(?: \d{4})?|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:\d{1,2}(?:, ?\d{4})?|\d{4})\b|\bv?\d+\.\d+\.\d+\S*|\bv\d+(?:\.\d+)*\b|\b(?:versions?|sections?|chapters?|figures?|tables?|steps?|draft|part|no\.|rack|page) #?\d+(?:\.\d+)*|\b\d+(?:st|nd|rd|th)\b|#\d+/gi

const FIGURE =
  /(?<![\p{L}\p{N}_./-])([$€£])?\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred)\b)(?:\s?-?(°\s?[CF]|%|[\p{L}]+))?((?:\s+[\p{L}-]+){0,2})/giu

/** Words between a figure and what it counts. */
const PASSED_OVER =
  /^(?:of|or|to|and|more|full|whole|calendar|working|business|different|other|consecutive|completed|acknowledged|us|american)$/i

/** Every figure of a text. Dates have the unit `date`. "one" counts only before a unit of time, size or money. */
export function quantitiesIn(text: string): Quantity[] {
  return [...figuresIn(text), ...datesIn(text)]
}

function datesIn(text: string): Quantity[] {
  const dates = [...text.matchAll(DATE)].map((match) => {
    const month = MONTHS.indexOf((match[2] ?? match[3] ?? '').toLowerCase())
    return { value: (month + 1) * 100 + Number(match[1] ?? match[4]), unit: 'date', text: match[0], bound: null }
  })
  const clocks = [...text.matchAll(CLOCK)].map(([all, hour, minute]) => ({
    value: Number(hour) * 60 + Number(minute),
    unit: 'clock',
    text: all,
    bound: null,
  }))
  return [...dates, ...clocks]
}

function figuresIn(text: string): Quantity[] {
  const counted = text.replace(NO_QUANTITY, (match) => ' '.repeat(match.length))
  return [...counted.matchAll(FIGURE)].flatMap((match) => {
    const [, sign, figure = '', next = '', after = ''] = match
    const value = valueOf(figure)
    const words = [next, ...after.trim().split(/\s+/)].filter((word) => word !== '')
    const unit = unitOf(sign, words)
    if (unit === null || (/^one$/i.test(figure) && !unit.measured)) return []
    if (!unit.measured && /^(?:19|20)\d\d$/.test(figure)) return []
    return [
      {
        value: value * unit.factor,
        unit: unit.name,
        text: `${sign ?? ''}${figure} ${unit.word}`.trim(),
        bound: boundBefore(counted.slice(0, match.index)),
      },
    ]
  })
}

const UPPER = /\b(?:at most|up to|no more than|less than|fewer than|under|below|within|a maximum of)\s*$/i
const LOWER = /\b(?:at least|no less than|no fewer than|more than|over|above|a minimum of)\s*$/i
const boundBefore = (text: string): Bound | null => (UPPER.test(text) ? 'upper' : LOWER.test(text) ? 'lower' : null)

const valueOf = (figure: string): number => NUMBER_WORDS[figure.toLowerCase()] ?? Number(figure.replaceAll(',', ''))

type UnitFound = { name: string; factor: number; measured: boolean; word: string }

function unitOf(sign: string | undefined, words: readonly string[]): UnitFound | null {
  if (sign !== undefined) return { name: sign === '€' ? 'eur' : 'usd', factor: 1, measured: true, word: '' }
  for (const word of words) {
    const known = UNITS.find(([pattern]) => pattern.test(word))
    if (known) return { name: known[1], factor: known[2], measured: true, word }
    if (word.startsWith('°')) return { name: word.replaceAll(/\s/g, ''), factor: 1, measured: true, word }
    if (!PASSED_OVER.test(word)) return { name: stem(word.toLowerCase()), factor: 1, measured: false, word }
  }
  return { name: '', factor: 1, measured: false, word: '' }
}
