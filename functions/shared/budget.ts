// Time budgets: what is not there in time counts as not there.

export class BudgetExceeded extends Error {
  constructor(budgetMs: number) {
    super(`No answer within ${budgetMs} ms.`);
    this.name = "BudgetExceeded";
  }
}

/** The promise's outcome, or a rejection with `BudgetExceeded` once the budget is spent. The work itself is not stopped. */
export async function within<T>(budgetMs: number, work: Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new BudgetExceeded(budgetMs)), budgetMs);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
