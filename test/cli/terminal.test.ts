import { expect, it } from "vitest";
import { megabytes, paint, table } from "../../cli/terminal.ts";

it("a table's columns are as wide as their widest cell, numbers to the right, and no line ends in blanks", () => {
  expect(
    table(
      ["stack", "created", ""],
      [
        ["global", 33, ""],
        ["eu", 1204, "failed"],
      ],
    ),
  ).toBe(["stack   created", "global       33", "eu         1204  failed"].join("\n"));
});

it("a table without rows is its head", () => {
  expect(table(["what", "found"], [])).toBe("what  found");
});

it("no colour goes where no terminal is", () => {
  expect(process.stdout.isTTY).toBeFalsy();
  expect(paint("red", "refused")).toBe("refused");
});

it("memory is told in whole megabytes", () => {
  expect(megabytes(54 * 1_048_576 + 1)).toBe("54 MB");
});
