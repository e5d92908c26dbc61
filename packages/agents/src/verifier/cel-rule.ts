import type { Json } from '@flotilla/domain'
import {
  Environment,
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
  serialize,
  type ASTNode,
} from '@marcbachmann/cel-js'
import { compileExpression, type Compiled } from './regular-expression.ts'

/** What an expression sees. `output.json` is the text as JSON, null where it is none. */
export type CelContext = Readonly<{
  output: Readonly<{ text: string; json: Json; citations: readonly string[] }>
  artifacts: readonly Readonly<{ name: string; mediaType: string; sizeBytes: number }>[]
}>
export type CelTest = (context: CelContext) => Compiled<boolean>

/** Its own name: the built-in `matches` cannot be replaced, and runs on JavaScript's engine, which can take for ever. */
const LINEAR_MATCHES = 'linearMatches'

const environment = new Environment({
  limits: { maxAstNodes: 1_000, maxDepth: 60, maxListElements: 200, maxMapEntries: 200 },
})
  .registerVariable('output', 'map<string, dyn>')
  .registerVariable('artifacts', 'list<map<string, dyn>>')
  .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) => {
    const expression = compileExpression(pattern)
    if (!expression.ok) throw new EvaluationError(expression.reason)
    return expression.value(text)
  })

const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const MAX_NESTED_LOOPS = 3
/** Steps of nested loops: each walks at most as many items as the output has characters. */
const MAX_STEPS = 10_000_000

/** A CEL expression that answers true or false. */
export function compileCel(source: string): Compiled<CelTest> {
  try {
    const { ast } = environment.parse(source)
    const nested = loopDepth(ast)
    if (nested > MAX_NESTED_LOOPS)
      return { ok: false, reason: `${nested} loops inside each other, at most ${MAX_NESTED_LOOPS}` }
    const expression = environment.parse(serialize(withLinearMatches(ast)))
    const checked = expression.check()
    if (!checked.valid) return { ok: false, reason: reasonOf(checked.error) }
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      return { ok: false, reason: `the expression gives ${checked.type}, expected true or false` }
    return { ok: true, value: (context) => evaluate(expression, context, nested) }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}

function evaluate(expression: (context: object) => unknown, context: CelContext, nested: number): Compiled<boolean> {
  const items = Math.max(1, context.output.text.length, context.artifacts.length)
  if (nested > 1 && items ** nested > MAX_STEPS)
    return { ok: false, reason: `the output is too long (${items} characters) for ${nested} loops inside each other` }
  try {
    const value = expression(context)
    if (typeof value === 'boolean') return { ok: true, value }
    return {
      ok: false,
      reason: `the expression gave a ${value === null ? 'null' : typeof value}, expected true or false`,
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}

/** Errors of the expression say where they are over several lines; the summary is the first one. */
function reasonOf(error: unknown): string {
  const known = error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError
  if (known) return error.summary || (error.message.split('\n')[0] as string)
  return error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value

const childrenOf = (node: ASTNode): ASTNode[] => [node.args as unknown].flat(3).filter(isNode)

const methodOf = (node: ASTNode): unknown =>
  node.op === 'rcall' && Array.isArray(node.args) ? node.args[0] : undefined

function loopDepth(node: ASTNode): number {
  const inner = childrenOf(node).reduce((depth, child) => Math.max(depth, loopDepth(child)), 0)
  return inner + (LOOPS.has(methodOf(node) as string) ? 1 : 0)
}

/** Renames in place; the tree is fresh from the parser. */
function withLinearMatches(node: ASTNode): ASTNode {
  if (methodOf(node) === 'matches') (node.args as unknown[])[0] = LINEAR_MATCHES
  for (const child of childrenOf(node)) withLinearMatches(child)
  return node
}
