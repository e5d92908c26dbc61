/** What reading an argument gives: a value, or every reason why not, each naming the thing and what to do. */
export type Read<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problems: readonly string[] }>

export const found = <T>(value: T): Read<T> => ({ ok: true, value })
export const refused = (...problems: readonly string[]): Read<never> => ({ ok: false, problems })
