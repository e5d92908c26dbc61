/** The parts of a JSON Pointer (RFC 6901). */
export const partsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** Where in what was sent, before what is wrong there: `budget, tool calls: `; items are counted from 1. Nothing for the whole. */
export function pointerWords(pointer: string): string {
  const words = partsOf(pointer).map((part) =>
    /^\d+$/.test(part)
      ? `no. ${Number(part) + 1}`
      : part.replace(/(?<=[a-z])[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`),
  )
  return words.length === 0 ? '' : `${words.join(', ')}: `
}
