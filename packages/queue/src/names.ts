/** One queue per role of agents, and one each for planning, verifying, learning and maintenance. */
export const PLAN_QUEUE = 'plan'
export const VERIFY_QUEUE = 'verify'
export const LEARN_QUEUE = 'learn'
export const MAINTAIN_QUEUE = 'maintain'
export const SYSTEM_QUEUES = [PLAN_QUEUE, VERIFY_QUEUE, LEARN_QUEUE, MAINTAIN_QUEUE] as const

export const agentQueue = (role: string): string => `agent-${role}`
