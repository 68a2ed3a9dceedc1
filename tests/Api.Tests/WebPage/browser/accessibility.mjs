// axe finds nothing to blame in any view, light and dark, wide and narrow; and each view works by keyboard.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { browse, expect, expectNoErrors } from "./browser.mjs";

const [address, key, sample, archive] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const views = {
  classify: async (page) => {
    await page.locator(".drop input[type=file]").first().setInputFiles(sample);
    await page.locator(".bar-label").first().waitFor();
  },
  teach: async (page) => {
    await page.locator(".drop input[accept]").first().setInputFiles(archive);
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.locator("details.card[open] .class-row:has(.thumbs) summary").first().click();
    await page.locator(".thumb img[src^=blob]").first().waitFor();
    await page.locator(".health").getByText(/Nothing suspicious|Found in/).waitFor({ timeout: 300_000 });
    await page.getByRole("button", { name: "Boxes to fill" }).click();
  },
  operate: (page) => page.locator(".versions .version").first().waitFor(),
  architectures: (page) => page.locator(".silhouette svg").first().waitFor(),
  "architectures/googlenet": (page) => page.locator(".layer-block summary").first().click(),
};

await browse(async (open) => {
  for (const look of [{ dark: false, width: 1280 }, { dark: true, width: 390 }]) {
    for (const [view, prepare] of Object.entries(views)) {
      const page = await open({ address, key, view, ...look });
      await prepare(page);
      await expectAccessible(page, `${view}, ${look.dark ? "dark" : "light"}`);
      expectNoErrors(page);
      await page.context().close();
    }
  }
  await walkByKeyboard(await open({ address, key }));
});

async function expectAccessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  expect(found.length === 0, `${name}: ${found.join("\n")}`);
  const isWider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(!isWider, `${name}: the page is wider than the window.`);
}

// Skip link, brand, the four views, API, Key.
async function walkByKeyboard(page) {
  await page.getByLabel("Model", { exact: true }).waitFor();
  const reached = [];
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.tagName));
  }
  for (const name of ["Skip to the content", "Classify", "Teach", "Operate", "Architectures", "Key ✓", "Choose files"]) {
    expect(reached.includes(name), `The keyboard reaches ${reached.join(", ")}; expected ${name} too.`);
  }
}
