import { useEffect, useState } from 'react'
import { Section } from '../parts/page.tsx'
import { useInSight } from '../state/in-sight.ts'
import { takeWords, type Words } from './words.ts'

/** What the model is writing at this moment; it is kept nowhere, and the turn replaces it. */
export function LiveWords({ runId, taskKey }: Readonly<{ runId: string; taskKey: string }>) {
  const [words, setWords] = useState<Words>({ text: '', attempt: null })
  const inSight = useInSight()
  useEffect(() => {
    if (!inSight) return undefined
    const source = new EventSource(`/v1/runs/${encodeURIComponent(runId)}/tasks/${encodeURIComponent(taskKey)}/stream`)
    const take = (event: MessageEvent<string>): void =>
      setWords((before) => takeWords(before, event.type, JSON.parse(event.data) as unknown))
    for (const type of ['delta', 'attempt', 'restart', 'gap']) source.addEventListener(type, take)
    source.addEventListener('end', () => source.close())
    return () => source.close()
  }, [runId, taskKey, inSight])
  if (words.text === '') return null
  return (
    <Section title="Being written">
      <p className="px-3 py-2 whitespace-pre-wrap [overflow-wrap:anywhere]" aria-live="off">
        {words.text}
      </p>
    </Section>
  )
}
