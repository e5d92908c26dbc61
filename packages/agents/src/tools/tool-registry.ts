import { pointer, type Issue } from '@flotilla/domain'
import type { ToolSpec } from '@flotilla/llm'
import type { Tool } from './tool.ts'

export type ToolRegistry = ReadonlyMap<string, Tool>

/** Throws on two tools of one name: that is a bug of whoever put them together. */
export function createToolRegistry(tools: readonly Tool[]): ToolRegistry {
  const registry = new Map(tools.map((tool) => [tool.name, tool]))
  if (registry.size < tools.length)
    throw new Error(`two tools have one name among ${tools.map((t) => t.name).join(', ')}`)
  return registry
}

/** The tools as a model is told of them, in the order of `names`; unknown names are left out. */
export const toolSpecs = (registry: ToolRegistry, names: readonly string[]): ToolSpec[] =>
  names.flatMap((name) => {
    const tool = registry.get(name)
    return tool ? [{ name: tool.name, description: tool.description, parameters: tool.parameters }] : []
  })

/** One issue for each name that no tool has; `base` is the path of the list. */
export function unknownToolIssues(
  names: readonly string[],
  known: Iterable<string>,
  base: readonly (string | number)[],
): Issue[] {
  const all = new Set(known)
  return names.flatMap((name, i) =>
    all.has(name)
      ? []
      : [{ path: pointer([...base, i]), message: `unknown tool "${name}": expected one of ${[...all].join(', ')}` }],
  )
}

/** Unknown tools of a plan's tasks, with their paths below `base`. */
export const planToolIssues = (
  plan: Readonly<{ tasks: readonly Readonly<{ tools?: readonly string[] | undefined }>[] }>,
  known: Iterable<string>,
  base: readonly string[] = [],
): Issue[] =>
  plan.tasks.flatMap((task, i) => unknownToolIssues(task.tools ?? [], known, [...base, 'tasks', i, 'tools']))
