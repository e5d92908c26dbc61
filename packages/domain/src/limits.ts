/** Published limits of the outside contract. */
export const GOAL_MAX_CHARS = 32_000
export const PLAN_MAX_TASKS = 10_000
export const LARGE_BODY_BYTES = 32 * 1024 * 1024
export const BODY_BYTES = 1024 * 1024
export const PAGE_DEFAULT = 100
export const PAGE_MAX = 1_000
export const ROLE_PATTERN = /^[a-z][a-z0-9-]{0,39}$/
export const TASK_KEY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
