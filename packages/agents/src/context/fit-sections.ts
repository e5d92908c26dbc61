import type { CountTokens, SectionRecord } from './context-record.ts'

/**
 * One section before it is fitted. `items` are rendered and escaped, the most important first. When room is short, `drop`
 * leaves out whole items from the end, and `trim` cuts the longest texts, all to the same size. `share` is the part of the
 * room left that the section may take at most.
 */
export type SectionDraft = Readonly<{
  name: string
  items: readonly SectionItem[]
  short: 'drop' | 'trim'
  share: number
  why: string
  /** Puts the items that were kept into the section's tag. */
  wrap: (items: readonly string[]) => string
}>
export type SectionItem = Readonly<{ text: string; wrap?: (text: string) => string }>

export type FittedSection = Readonly<{ name: string; text: string; record: SectionRecord }>

/** A text that is cut to less than this says nothing: it is left out. */
const LEAST_TRIM_TOKENS = 40

/** Gives each section its room in the order of `sections`, which is their importance. What one does not use, the next can. */
export function fitSections(
  sections: readonly SectionDraft[],
  tokenBudget: number,
  countTokens: CountTokens,
): FittedSection[] {
  let left = tokenBudget
  return sections.map((section) => {
    const fitted = fitSection(section, Math.max(0, Math.floor(left * section.share)), countTokens)
    left -= fitted.record.tokens
    return fitted
  })
}

function fitSection(section: SectionDraft, room: number, countTokens: CountTokens): FittedSection {
  const wrapAll = (texts: readonly string[]): string => (texts.length === 0 ? '' : section.wrap(texts))
  const whole = section.items.map((item) => wrapItem(item, item.text))
  const full = countTokens(wrapAll(whole))
  if (section.items.length === 0) return sectionOf(section, '', 0, 0, 'nothing to say')
  if (full <= room) return sectionOf(section, wrapAll(whole), full, 0, section.why)
  const frame = countTokens(section.wrap([]))
  const kept = (section.short === 'drop' ? dropItems : trimItems)(section.items, room - frame, countTokens)
  const text = wrapAll(kept)
  const tokens = text === '' ? 0 : countTokens(text)
  const leftOut = section.items.length - kept.length
  const why =
    text === ''
      ? `left out: ${full} tokens do not fit into the ${room} that are left`
      : `cut to fit ${room} tokens${leftOut > 0 ? `; ${leftOut} of ${section.items.length} left out` : ''}`
  return sectionOf(section, text, tokens, Math.max(0, full - tokens), why)
}

const wrapItem = (item: SectionItem, text: string): string => (item.wrap ? item.wrap(text) : text)

function sectionOf(section: SectionDraft, text: string, tokens: number, cutTokens: number, why: string): FittedSection {
  return { name: section.name, text, record: { name: section.name, included: text !== '', tokens, cutTokens, why } }
}

function dropItems(items: readonly SectionItem[], room: number, countTokens: CountTokens): string[] {
  const kept: string[] = []
  let left = room
  for (const item of items) {
    const text = wrapItem(item, item.text)
    const size = countTokens(text) + 1
    // A smaller item further back may still fit.
    if (size > left) continue
    left -= size
    kept.push(text)
  }
  return kept
}

function trimItems(items: readonly SectionItem[], room: number, countTokens: CountTokens): string[] {
  const sizes = items.map((item) => countTokens(wrapItem(item, item.text)) + 1)
  const cap = fairCap(sizes, room)
  return items.flatMap((item, i) => {
    if ((sizes[i] ?? 0) <= cap) return [wrapItem(item, item.text)]
    const frame = countTokens(wrapItem(item, ''))
    const text = trimText(item.text, cap - frame - 1, countTokens)
    return text === null ? [] : [wrapItem(item, text)]
  })
}

/** The size to which the largest are cut so that all fit: small ones stay whole and leave their room to the large. */
function fairCap(sizes: readonly number[], room: number): number {
  let left = room
  const ascending = sizes.toSorted((a, b) => a - b)
  for (const [i, size] of ascending.entries()) {
    const cap = Math.floor(left / (ascending.length - i))
    if (size > cap) return cap
    left -= size
  }
  return ascending.at(-1) ?? 0
}

/** The longest beginning that fits, ending at a line or a word, with a note of what is missing; null when too little fits. */
export function trimText(text: string, maxTokens: number, countTokens: CountTokens): string | null {
  if (maxTokens < LEAST_TRIM_TOKENS) return null
  let low = 0
  let high = text.length
  while (high - low > 16) {
    const middle = Math.ceil((low + high) / 2)
    if (countTokens(withCutNote(text, middle)) <= maxTokens) low = middle
    else high = middle - 1
  }
  const feed = text.lastIndexOf('\n', low)
  const space = text.lastIndexOf(' ', low)
  const at = feed > low * 0.8 ? feed : space > low * 0.8 ? space : low
  return low === 0 ? null : withCutNote(text, at)
}

function withCutNote(text: string, at: number): string {
  const end = /[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at - 1 : at
  return `${text.slice(0, end)}\n[cut here: ${text.length - end} more characters]`
}
