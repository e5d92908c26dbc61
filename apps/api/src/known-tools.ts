import { unknownToolIssues } from '@flotilla/agents'
import type { Issue, ToolView } from '@flotilla/domain'

/** As the engine holds plans against them: it knows the built-in ones itself. */
export const ownToolNames = (tools: readonly ToolView[]): string[] =>
  tools.filter(({ origin }) => origin === 'own').map(({ name }) => name)

const ADVICE =
  'take it out, or add the module that has it to FLOTILLA_TOOLS, for the API and every worker alike, and start them anew'

/**
 * Tools of an agent that are not known. It is refused with them, as a plan is: the API loads the same `FLOTILLA_TOOLS` as the
 * workers, and there are no others, so an unknown name would be left out of every prompt without a word. What a change does not
 * name is not looked at: an agent whose tool has gone since can be changed otherwise.
 */
export const toolIssues = (tools: readonly ToolView[], names: readonly string[] = []): Issue[] =>
  unknownToolIssues(
    names,
    tools.map(({ name }) => name),
    ['tools'],
  ).map(({ path, message }) => ({ path, message: `${message}; ${ADVICE}` }))
