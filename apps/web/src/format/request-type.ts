import type { Analysis } from '@flotilla/domain'

/** What a request is taken for, after its complexity: "a simple …". */
export const requestType = (type: Analysis['type']): string =>
  type === 'custom' ? 'request of no particular type' : type.replace('_', ' ')
