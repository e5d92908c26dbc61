/** A tag of the prompt: `text` is what stands directly in it, unescaped; `children` are the tags in it. */
export type Section = Readonly<{
  name: string
  attributes: Readonly<Record<string, string>>
  text: string
  children: readonly Section[]
}>

type OpenSection = { name: string; attributes: Record<string, string>; text: string; children: Section[] }

const TAG = /<(\/?)([a-z][a-z_]*)((?:\s+[a-z][\w-]*="[^"<]*")*)\s*(\/?)>/g
const ATTRIBUTE = /([a-z][\w-]*)="([^"<]*)"/g

export const unescapeText = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

/**
 * The tags of a prompt as a tree under a nameless root. Prompts escape all foreign text, so every tag is the prompt's own;
 * a closing tag that closes nothing is text, and what is left open at the end is closed there.
 */
export function parseSections(prompt: string): Section {
  const root: OpenSection = { name: '', attributes: {}, text: '', children: [] }
  const open: OpenSection[] = [root]
  const say = (text: string): void => {
    const top = open.at(-1) as OpenSection
    top.text += text
  }
  let at = 0
  for (const match of prompt.matchAll(TAG)) {
    const [whole, slash, name, attributes, selfClosed] = match as unknown as [string, string, string, string, string]
    say(prompt.slice(at, match.index))
    at = match.index + whole.length
    if (slash !== '') {
      const depth = open.findLastIndex((section) => section.name === name)
      if (depth <= 0) say(whole)
      else while (open.length > depth) close(open)
      continue
    }
    open.push({ name, attributes: readAttributes(attributes), text: '', children: [] })
    if (selfClosed !== '') close(open)
  }
  say(prompt.slice(at))
  while (open.length > 1) close(open)
  return finished(root)
}

function close(open: OpenSection[]): void {
  const section = open.pop() as OpenSection
  open.at(-1)?.children.push(finished(section))
}

/** Unescapes once, when the tag is complete: an escape may not begin in one piece and end in the next. */
const finished = (section: OpenSection): Section => ({
  ...section,
  text: unescapeText(section.text).replace(/^\n|\n$/g, ''),
})

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name, value] of text.matchAll(ATTRIBUTE)) attributes[name as string] = unescapeText(value as string)
  return attributes
}

/** Every tag of a name, at any depth, in order. */
export function findSections(root: Section, name: string): Section[] {
  return root.children.flatMap((child) => (child.name === name ? [child] : findSections(child, name)))
}

export const sectionText = (root: Section, name: string): string => findSections(root, name)[0]?.text.trim() ?? ''
