const RAW = /^Invalid ([a-z ]+): (?:Expected (.+) but r|R)eceived (.+)$/
const BOUND = /^(>=|<=|>|<)(-?[\d.]+)$/
const BOUNDS: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'more than',
  '<': 'less than',
}
const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
}

/** What a check of the API found, where it has no words of its own: what was expected, as a person says it. */
export function issueWords(message: string): string {
  const [, about = '', expected = '', received = ''] = RAW.exec(message) ?? []
  if (about === 'integer') return `expected a whole number, not ${received}`
  const [, sign = '', limit = ''] = BOUND.exec(expected) ?? []
  const bound = `${BOUNDS[sign]} ${Number(limit).toLocaleString('en')}`
  if (about === 'value' && sign !== '') return `expected ${bound}, not ${received}`
  if (about === 'length' && sign !== '') return `expected a length of ${bound}, not ${received}`
  if (about === 'type' && expected !== '') return `expected ${KINDS[expected] ?? expected.replaceAll(' | ', ' or ')}`
  return message
}
