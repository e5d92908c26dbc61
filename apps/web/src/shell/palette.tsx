import { useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { client } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { RUN_LOOKS } from '../state/tones.ts'
import { rankCommands, type Command } from './commands.ts'

const LIST = 'palette-list'

/** Finds pages, actions and runs by what is typed. */
export function Palette({ commands, onClose }: Readonly<{ commands: readonly Command[]; onClose: () => void }>) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const shown = [...rankCommands(commands, text), ...useRunCommands(text)]
  const active = Math.min(at, shown.length - 1)
  const use = (command: Command | undefined): void => {
    onClose()
    command?.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') use(shown[active])
    else if (event.key === 'ArrowDown') setAt((active + 1) % Math.max(1, shown.length))
    else if (event.key === 'ArrowUp') setAt((active + shown.length - 1) % Math.max(1, shown.length))
    else return
    event.preventDefault()
  }
  return (
    <Dialog label="Command palette" onClose={onClose} className="mt-[12vh]">
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={LIST}
        aria-activedescendant={shown.length === 0 ? undefined : `${LIST}-${active}`}
        aria-label="Find a page, an action or a run"
        placeholder="Find a page, an action or a run"
        className="w-full border-b border-line bg-surface px-4 py-3 text-lead placeholder:text-muted"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={LIST} role="listbox" aria-label="Found" className="max-h-[50vh] overflow-y-auto py-1">
        {shown.map((command, i) => (
          <li
            key={command.id}
            id={`${LIST}-${i}`}
            role="option"
            aria-selected={i === active}
            onClick={() => use(command)}
            onMouseMove={() => setAt(i)}
            className="flex cursor-pointer items-baseline justify-between gap-3 px-4 py-1.5 aria-selected:bg-raised"
          >
            <span className="truncate">{command.label}</span>
            <span className="shrink-0 text-small text-muted">{command.hint}</span>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="px-4 pb-3 text-muted">Nothing is called that.</p>}
    </Dialog>
  )
}

const RUNS = 8

function useRunCommands(text: string): Command[] {
  const navigate = useNavigate()
  const q = text.trim()
  const { data } = useQuery({
    queryKey: ['palette', q],
    queryFn: ({ signal }) => client.runs.list({ limit: RUNS, ...(q === '' ? {} : { q }) }, { signal }),
    placeholderData: (before) => before,
  })
  return (data?.items ?? []).map((run) => ({
    id: run.id,
    label: run.goal,
    hint: RUN_LOOKS[run.status].label,
    run: () => void navigate({ to: '/runs/$runId', params: { runId: run.id } }),
  }))
}
