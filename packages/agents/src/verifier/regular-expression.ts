import { RE2JS, RE2JSException } from 're2js'

/** Something a plan says, made ready to run, or why it cannot be. */
export type Compiled<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; reason: string }>
export type TextTest = (text: string) => boolean

/** Instructions of a compiled expression: time is their number times the length of the text. */
const MAX_PROGRAM = 2_000

const compiled = new Map<string, Compiled<TextTest>>()
const MAX_COMPILED = 500

/** An RE2 expression, found anywhere in a text. Matching takes linear time, whatever the expression and the text. */
export function compileExpression(pattern: string): Compiled<TextTest> {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const fresh = compile(pattern)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  compiled.set(pattern, fresh)
  return fresh
}

function compile(pattern: string): Compiled<TextTest> {
  try {
    const expression = RE2JS.compile(pattern)
    const size = expression.programSize()
    if (size > MAX_PROGRAM)
      return {
        ok: false,
        reason: `the regular expression is too large: ${size} steps, at most ${MAX_PROGRAM}; use fewer repetitions`,
      }
    return { ok: true, value: (text) => expression.test(text) }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return {
      ok: false,
      reason: `not a regular expression of RE2: ${error.message.replace('error parsing regexp: ', '')}`,
    }
  }
}
