import type { DeadLetterSummaryView } from '@flotilla/domain'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { Button } from '../parts/button.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'

/** Tasks that are not tried again until a person has looked. */
export function DeadLetters() {
  const { data, error } = useQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ signal }) => client.deadLetters.list({ limit: 100 }, { signal }),
    refetchInterval: 10_000,
  })
  if (error !== null) return <Problem error={error} what="The dead letters could not be read." />
  return (
    <Section
      title="Dead letters"
      lead="Tasks that are not tried again by themselves: their workers were lost again and again, or every try failed. To redrive one is to begin a new run, which takes over what was finished and does the rest."
    >
      {data?.items.length === 0 && <p className="px-3 py-2 text-muted">None.</p>}
      <ul>
        {data?.items.map((letter) => (
          <Letter key={letter.id} letter={letter} />
        ))}
      </ul>
    </Section>
  )
}

function Letter({ letter }: Readonly<{ letter: DeadLetterSummaryView }>) {
  const navigate = useNavigate()
  const redrive = useMutation({
    mutationFn: () => client.deadLetters.redrive(letter.id),
    onSuccess: (run) => void navigate({ to: '/runs/$runId', params: { runId: run.id } }),
  })
  const { runId, taskKey } = letter
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-1.5 last:border-b-0">
      <Link to="/runs/$runId/tasks/$taskKey" params={{ runId, taskKey }} className="text-accent underline">
        {letter.title}
      </Link>
      <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        {letter.reason.replaceAll('_', ' ')} after {letter.attempts} attempts: {letter.error.message}
      </span>
      <span className="text-muted">{fullTime(letter.at)}</span>
      {letter.redrivenTo === null ? (
        <Button disabled={redrive.isPending} onClick={() => redrive.mutate()}>
          Redrive
        </Button>
      ) : (
        <Link to="/runs/$runId" params={{ runId: letter.redrivenTo }} className="text-accent underline">
          redriven
        </Link>
      )}
      {redrive.error !== null && <Problem error={redrive.error} what="It was not redriven." of="write" />}
    </li>
  )
}
