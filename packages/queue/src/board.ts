import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import type { Backend } from './backend.ts'

/** Readers of these queues for Bull Board; one a queue, kept by the caller. */
export const boardReader = (backend: Backend, queue: string): BaseAdapter =>
  new BullMQAdapter(backend.queue(queue), { readOnlyMode: true })
export type { BaseAdapter as BoardReader }
