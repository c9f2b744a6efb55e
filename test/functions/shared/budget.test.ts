import { describe, expect, test } from "vitest";
import { BudgetExceeded, within } from "../../../functions/shared/budget.ts";

describe("a budget", () => {
  test("lets through what is in time", async () => expect(await within(1000, Promise.resolve("tea"))).toBe("tea"));
  test("lets through the work's own failure", async () =>
    expect(within(1000, Promise.reject(new Error("spilt")))).rejects.toThrow("spilt"));
  test("ends what is not", async () => expect(within(5, new Promise(() => {}))).rejects.toThrow(BudgetExceeded));
});
