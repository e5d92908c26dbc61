/** One thing that the doctor looked at. `mend` says what to do about it, where there is something. */
export type Check = Readonly<{ name: string; status: 'ok' | 'warn' | 'fail'; detail: string; mend?: string }>

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail })
export const warn = (name: string, detail: string, mend: string): Check => ({ name, status: 'warn', detail, mend })
export const fail = (name: string, detail: string, mend: string): Check => ({ name, status: 'fail', detail, mend })
