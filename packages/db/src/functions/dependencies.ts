/** Of each dependency of a task. One by one: before Postgres 17 the index on (run_id, idx) may be asked for all tasks of the run, if it is asked by a list. */
export const ofDependencies = (task: string, table: string, columns: string): string => /* sql */ `
        unnest(${task}.deps) dep(idx) cross join lateral (select ${columns} from flotilla.${table} where run_id = ${task}.run_id and idx = dep.idx offset 0) d`

/** Whether a task waits for one of its dependencies: it has not completed, and is not an optional one that gives nothing any more. */
export const waits = (task: string): string => /* sql */ `exists (
        select from ${ofDependencies(task, 'tasks', 'status, optional')}
        where d.status <> 'completed' and not (d.optional and d.status in ('failed', 'skipped')))`
