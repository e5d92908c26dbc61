import * as v from 'valibot'

export type Words = Readonly<{ text: string; attempt: number | null }>

const DeltaSchema = v.object({ text: v.string() })
const AttemptSchema = v.object({ attempt: v.number() })
const RestartSchema = v.object({ takeBack: v.number() })

/** The text being written after one more message of the stream. */
export function takeWords(before: Words, type: string, data: unknown): Words {
  switch (type) {
    case 'delta':
      return v.is(DeltaSchema, data) ? { ...before, text: before.text + data.text } : before
    case 'attempt':
      return v.is(AttemptSchema, data) ? { text: '', attempt: data.attempt } : before
    case 'restart':
      return v.is(RestartSchema, data)
        ? { ...before, text: before.text.slice(0, Math.max(0, before.text.length - data.takeBack)) }
        : before
    case 'gap':
      return { ...before, text: `${before.text} … ` }
    default:
      return before
  }
}
