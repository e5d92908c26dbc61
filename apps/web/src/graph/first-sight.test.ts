import { expect, it } from 'vitest'
import { firstSight, type Box } from './first-sight.ts'

const frame = { width: 1_000, height: 400, left: 10, right: 50, top: 10, bottom: 10 }
const chain = (length: number): Box[] =>
  Array.from({ length }, (_, i) => ({ x: i * 260, y: 0, width: 200, height: 50 }))

it('shows all of what can be read as a whole, in the middle', () => {
  const { x, y, zoom } = firstSight(chain(3), undefined, frame, 0.6)
  expect(zoom).toBe(1)
  expect(x).toBe(10 + (940 - 720) / 2)
  expect(y).toBe(10 + (380 - 50) / 2)
  expect(firstSight(chain(5), undefined, frame, 0.6).zoom).toBeCloseTo(940 / 1_240)
})

it('begins a long chain at its first task, or has the one that is asked for in the middle', () => {
  const boxes = chain(11)
  expect(firstSight(boxes, boxes[0], frame, 0.6)).toMatchObject({ x: 10, zoom: 0.85 })
  const { x, zoom } = firstSight(boxes, boxes[5], frame, 0.6)
  expect(x + (5 * 260 + 100) * zoom).toBeCloseTo(10 + 940 / 2)
  const end = firstSight(boxes, boxes[10], frame, 0.6)
  expect(end.x + (10 * 260 + 200) * end.zoom).toBeCloseTo(950)
})

it('has the whole width of what is too high', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ x: i % 2 === 0 ? 0 : 1_040, y: i * 60, width: 200, height: 50 }))
  expect(firstSight(rows, rows[0], frame, 0.6).zoom).toBeCloseTo(940 / 1_240)
  expect(firstSight(rows, rows[0], { ...frame, width: 500 }, 0.6).zoom).toBe(0.6)
})

it('looks at nothing without a fault', () => expect(firstSight([], undefined, frame, 0.6).zoom).toBe(1))
