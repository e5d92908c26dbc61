/**
 * Prompts are tagged text. Whatever comes from outside (goal, documents, outputs of other agents) is escaped, so that it
 * can neither close the tag that it stands in nor open one: no `<` that could begin a tag is left in it, also not one
 * with blanks or invisible characters after it. Everything else stays as it is, since citations quote it. The escape
 * keeps all information: `unescapeText` in @flotilla/llm's offline model undoes it.
 */
const COULD_BE_TAG = /<(?=[\s\p{Cf}]*\/?[\s\p{Cf}]*[\p{L}!?_])/gu
const COULD_BE_ENTITY = /&(?=(?:lt|quot|amp);)/g

export const escapeText = (text: string): string => text.replace(COULD_BE_ENTITY, '&amp;').replace(COULD_BE_TAG, '&lt;')

export const escapeAttribute = (text: string): string =>
  text
    .replace(COULD_BE_ENTITY, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')

export type Attributes = Readonly<Record<string, string | number | undefined>>

const attributeText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join('')

/** `body` is escaped or made of tags already; a tag without a body closes itself. */
export function tag(name: string, attributes: Attributes, body?: string): string {
  const head = `<${name}${attributeText(attributes)}`
  return body === undefined ? `${head} />` : `${head}>\n${body}\n</${name}>`
}
