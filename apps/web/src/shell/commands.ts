/** Something that the palette offers. `many`: one of so many that they stand there only once they are searched for. */
export type Command = Readonly<{ id: string; label: string; hint: string; many?: true; run: () => void }>

const MANY_SHOWN = 50

/** Commands that have the letters of `text` in order; those where they stand together, and at the beginning, come first. */
export function rankCommands(commands: readonly Command[], text: string): Command[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return commands.filter(({ many }) => many === undefined)
  const ranked = commands
    .map((command) => ({ command, rank: rankOf(command.label.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank !== null)
    .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ command }) => command)
  const shown = new Set(ranked.filter(({ many }) => many === true).slice(0, MANY_SHOWN))
  return ranked.filter((command) => command.many === undefined || shown.has(command))
}

function rankOf(label: string, wanted: string): number | null {
  const place = label.indexOf(wanted)
  if (place >= 0) return place
  let at = -1
  for (const letter of wanted) {
    at = label.indexOf(letter, at + 1)
    if (at < 0) return null
  }
  return label.length + at
}
