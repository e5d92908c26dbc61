import { expect, it } from 'vitest'
import { copyStatement } from './copy-run.ts'

it('a copy has its own number and name, and all else of what it is a copy of', () => {
  expect(copyStatement('runs', ['id', 'uid', 'status'])).toMatch(
    /insert into flotilla\.runs \(id, uid, status\) .*select \$3::bigint \+ g, overlay\(t\.uid .*\), t\.status from .*flotilla\.runs where id = \$1/s,
  )
  expect(copyStatement('events', ['run_id', 'seq'])).toMatch(
    /\(run_id, seq\) .*select \$3::bigint \+ g, t\.seq from .*flotilla\.events where run_id = \$1/s,
  )
})

it('what a table counts by itself is counted on', () => {
  expect(copyStatement('approvals', ['id', 'run_id'])).toContain('(run_id)')
})
