import { expect, it } from "vitest";
import { byRegion, regionOf, shared } from "../../cli/regions.ts";

it.each([
  ["edge-site-eu", "", "eu"],
  ["brand-us/bailiwick-us", "PostgreSQL", "us"],
  ["preferences-5fd2", "100 % of preferences in brand, asia-southeast1", "apac"],
  ["alarm", "OK since 10:00:00, eu-central-1", "eu"],
  ["balancer-certificate", "ACTIVE: services-eu.brand.example", "eu"],
  ["s3", "7 buckets", shared],
  ["bailiwick-global-1/decision-table", "version 1 ENABLED, europe-west3", shared],
  ["museum-site", "a word that only holds a region's letters", shared],
  ["mirror", "from europe-west3 to us-east4", shared],
])("the part %s (%s) belongs to %s", (name, detail, region) => {
  expect(regionOf({ name, detail })).toBe(region);
});

it("regions come in the order of the map, what is shared last", () => {
  const parts = ["s3", "site-apac", "site-eu"].map((name) => ({ name, detail: "" }));
  expect(byRegion(parts).map(([region]) => region)).toEqual(["eu", "apac", shared]);
});
