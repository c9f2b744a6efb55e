import { expect, it } from "vitest";
import { exitCodes, PersonError } from "../../cli/errors.ts";
import { allStacks, chosenStacks, waves } from "../../cli/stacks.ts";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";

it("every jurisdiction of the map has a stack, and every stack but global a jurisdiction", () => {
  const regions = jurisdictions.map((jurisdiction) => residencyOf(jurisdiction).region);
  expect(allStacks()).toEqual(["global", ...regions.sort()]);
});

it("all are meant where none is named, and the order of deployment is not the person's to give", () => {
  expect(chosenStacks([])).toEqual(allStacks());
  expect(chosenStacks(["us", "global"])).toEqual(["global", "us"]);
});

it("a stack that is not there is a wrong command line, and the error names those that are", () => {
  expect.assertions(3);
  try {
    chosenStacks(["eu", "mars"]);
  } catch (error) {
    expect(error).toBeInstanceOf(PersonError);
    expect((error as PersonError).exitCode).toBe(exitCodes.usage);
    expect((error as PersonError).message).toBe(`There is no stack "mars". There are: ${allStacks().join(", ")}.`);
  }
});

it("global goes first and alone, then all regions together", () => {
  expect(waves(["global", "apac", "eu"])).toEqual([["global"], ["apac", "eu"]]);
  expect(waves(["eu"])).toEqual([["eu"]]);
  expect(waves(["global"])).toEqual([["global"]]);
});
