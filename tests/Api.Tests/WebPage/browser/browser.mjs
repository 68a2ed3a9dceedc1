// A browser for the walks: Debian's chromium, which shows no window. Each page must stay free of errors.

import { chromium } from "playwright-core";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const patience = 240_000;

/** Starts a browser, calls `walk` with a function that opens pages, and ends the browser. */
export async function browse(walk) {
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
  try {
    await walk((options) => open(browser, options));
  } finally {
    await browser.close();
  }
}

async function open(browser, { address, width = 1280, height = 900, dark = false, key, path = "/", view = "classify" }) {
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", locale: "en",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    // Refused requests are answers that the page shows; the browser logs them too.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.errors.push(message.text());
  });
  page.on("dialog", (dialog) => {
    page.errors.push(`A script opened a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  if (key) await page.addInitScript((value) => sessionStorage.setItem("fovea-key", value), key);
  await page.goto(`${address}${path}#${view}`);
  return page;
}

/** Fails unless the condition holds. */
export function expect(holds, message) {
  if (!holds) throw new Error(message);
}

/** Fails if the page had errors: of its scripts, or loads that its policy forbids. */
export function expectNoErrors(page) {
  expect(page.errors.length === 0, `The page has errors: ${page.errors.join("; ")}`);
}
