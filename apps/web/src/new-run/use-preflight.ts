import { GOAL_MAX_CHARS } from '@flotilla/domain'
import type { RequestAnalysis } from '@flotilla/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { client } from '../api/client.ts'
import { newKey } from '../api/idempotency.ts'
import { requestOf, type RunForm } from './form.ts'

const SETTLE_MS = 900
const LEAST_CHARS = 8

/** `data` is undefined until there is an answer, and for what is too short or too long to be asked about. */
export type PreflightState = Readonly<{
  asked: boolean
  asking: boolean
  data: RequestAnalysis | undefined
  error: Error | null
}>

/** What the planner would make of the request, while it is typed. */
export function usePreflight(form: RunForm): PreflightState {
  const settled = useSettled(form)
  const length = settled.goal.trim().length
  const asked = length >= LEAST_CHARS && length <= GOAL_MAX_CHARS
  const request = useMemo(() => requestOf(settled, true), [settled])
  const { data, error, isFetching } = useQuery({
    queryKey: ['preflight', request],
    queryFn: ({ signal }) => client.analyses.create(request, { signal, idempotencyKey: newKey() }),
    enabled: asked,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: (before) => before,
  })
  return { asked, asking: isFetching, data: asked && error === null ? data : undefined, error: asked ? error : null }
}

/** The form once nobody has typed for a moment: each analysis may be a model call. */
function useSettled(form: RunForm): RunForm {
  const [settled, setSettled] = useState(form)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(form), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [form])
  return settled
}
