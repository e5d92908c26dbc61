/** What a server or a check says in the middle of a line, as a sentence of its own. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${sentenceEnd(text.slice(1))}`

/** The same at the end of a sentence that has begun. */
export const sentenceEnd = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)
