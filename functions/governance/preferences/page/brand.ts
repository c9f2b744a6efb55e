// In whose name the page asks, and how it looks. Data that a brand replaces by its own.
import type { Theme } from "./tokens.ts";

export const brand = "Fernhollow";
export const theme: Theme = {};
