import { useSyncExternalStore } from 'react'

/** The style sheet's own steps, so that what is drawn and how it looks change together. */
const STEPS = { sm: '40rem', md: '48rem', lg: '64rem' } as const

const narrower = (step: keyof typeof STEPS): MediaQueryList => matchMedia(`(width < ${STEPS[step]})`)

/** Whether the window is narrower than this step: what would stand beside each other stands in lines. */
export const useNarrow = (step: keyof typeof STEPS): boolean =>
  useSyncExternalStore(
    (listener) => {
      const query = narrower(step)
      query.addEventListener('change', listener)
      return () => query.removeEventListener('change', listener)
    },
    () => narrower(step).matches,
    () => false,
  )
