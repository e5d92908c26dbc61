/** Whether `work` ended within `ms`; its failure is an end. It goes on in any case. */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), ms)
  const ended = (): true => true
  try {
    return await Promise.race([work.then(ended, ended), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
