import type Anthropic from '@anthropic-ai/sdk'

export type Block =
  | Anthropic.TextBlockParam
  | Anthropic.ToolResultBlockParam
  | Anthropic.ImageBlockParam
  | Anthropic.DocumentBlockParam

const CACHED = { type: 'ephemeral' } as const
/** The API takes no more. */
const MOST_BREAKPOINTS = 4
/** The API finds what an earlier call wrote at most 20 blocks before a breakpoint. */
const LOOK_BACK = 20

export type Prompt = Readonly<{
  tools: readonly Anthropic.Tool[]
  system: readonly Anthropic.TextBlockParam[]
  messages: readonly Anthropic.MessageParam[]
  /** Blocks that end what other calls have in common. */
  prefixEnds: ReadonlySet<object>
}>

/**
 * Sets the cache's breakpoints, each ending a prefix of the next: the tools, the system prompt, the ends of shared
 * prefixes, and the latest message of a conversation that goes on, or with tools is likely to, since every turn of a tool
 * loop sends the whole of it again: writing costs a quarter more, reading saves nine tenths. A turn of many blocks also
 * gets the breakpoint of the turn before it, which its own could not look back to.
 */
export function placeBreakpoints(prompt: Prompt): Pick<Anthropic.MessageCreateParams, 'tools' | 'system' | 'messages'> {
  const marked = new Set(candidates(prompt).slice(0, MOST_BREAKPOINTS))
  const mark = <Part extends object>(block: Part): Part =>
    marked.has(block) ? { ...block, cache_control: CACHED } : block
  return {
    ...(prompt.tools.length > 0 && { tools: prompt.tools.map(mark) }),
    ...(prompt.system.length > 0 && { system: prompt.system.map(mark) }),
    messages: prompt.messages.map((message) => {
      if (typeof message.content === 'string') return message
      return { ...message, content: message.content.map(mark) } as Anthropic.MessageParam
    }),
  }
}

/** The most useful first. */
function candidates({ tools, system, messages, prefixEnds }: Prompt): object[] {
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  const [latest, before] = turnEnds(messages)
  const goesOn = messages.length > 1 || tools.length > 0
  const far = latest && before && blocks.indexOf(latest) - blocks.indexOf(before) >= LOOK_BACK
  const wanted = [
    goesOn ? latest : undefined,
    system.at(-1),
    ...blocks.filter((block) => prefixEnds.has(block)).toReversed(),
    far ? before : undefined,
    tools.at(-1),
  ]
  return [...new Set(wanted.filter((block) => block !== undefined))]
}

/** The last block of the latest user turn and of the one before it, where they can carry a breakpoint. */
function turnEnds(messages: readonly Anthropic.MessageParam[]): (Anthropic.ContentBlockParam | undefined)[] {
  return messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => (typeof content === 'string' ? undefined : content.at(-1)))
    .toReversed()
    .slice(0, 2)
}
