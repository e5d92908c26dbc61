const LOOK_UPS =
  'set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off'

/** Of the outer functions; what they call inherits it, and is spared the switching. SQL functions would be planned at every call. */
export const PLAN = `${LOOK_UPS} set jit = off`

/** A join that is driven from an array looks rows up by key (ADR 14). */
export const BY_KEY = `${LOOK_UPS} set enable_bitmapscan = off set jit = off`

/** As BY_KEY, and no plan keeps rows of one look-up for another, which pays only where many rows are expected. */
export const BY_KEY_ALONE = `${LOOK_UPS} set enable_bitmapscan = off set enable_material = off set enable_memoize = off set jit = off`
