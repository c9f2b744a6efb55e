// A real browser without a window. It comes with the packages; BAILIWICK_BROWSER names another.
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

export const launchBrowser = async (): Promise<Browser> =>
  playwright.launch({
    executablePath: process.env.BAILIWICK_BROWSER ?? (await chromium.executablePath()),
    // Its sandbox needs rights that a container does not give, nor root; what it opens is ours alone.
    args: ["--no-sandbox"],
  });
