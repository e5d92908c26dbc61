import type { Connection } from '../services/postgres.ts'

/** The highest that a run's account stood at, in US dollars, and over how many states. */
export type BudgetPeaks = Readonly<{ states: number; settled: number; together: number }>

const INSTALL = `
  create table public.budget_peaks (states int, settled numeric, together numeric);
  insert into public.budget_peaks values (0, 0, 0);
  create function public.note_budget() returns trigger language plpgsql security definer as $$
  begin
    if new.level = 'run' then
      update public.budget_peaks set states = states + 1, settled = greatest(settled, new.cost_usd_settled),
        together = greatest(together, new.cost_usd_settled + new.cost_usd_reserved);
    end if;
    return null;
  end $$;
  create trigger note_budget after insert or update on flotilla.budgets for each row execute function public.note_budget()`

/** Has the record itself note every state of every run's account: asking from outside would miss those in between. */
export const watchBudgets = async (db: Connection): Promise<void> => void (await db.query(INSTALL))

export async function budgetPeaks(db: Connection): Promise<BudgetPeaks> {
  const { rows } = await db.query<BudgetPeaks>(
    'select states, settled::float8 as settled, together::float8 as together from public.budget_peaks',
  )
  const [peaks] = rows
  if (peaks === undefined) throw new Error('the record notes no budgets: watchBudgets comes first')
  return peaks
}
