// Names with markup in them are text everywhere: labels in answers, class and file names of data sets, refusals, changes, Swagger UI.

import { browse, expect, expectNoErrors } from "./browser.mjs";

const [address, key, sample, archive, name] = process.argv.slice(2);

await browse(async (open) => {
  const page = await open({ address, key });
  await page.locator(".drop input[type=file]").first().setInputFiles(
    { name: `${name}.png`, mimeType: "image/png", buffer: (await import("node:fs")).readFileSync(sample) });
  await page.locator(".bar-label", { hasText: name }).first().waitFor();
  await page.getByRole("heading", { name: `${name}.png` }).waitFor();
  await page.getByRole("link", { name: "Teach" }).click();
  await page.getByRole("heading", { name: "Teach new classes" }).waitFor();
  await page.locator(".drop input[accept]").first().setInputFiles(archive);
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const set = page.locator("details.card[open]").first();
  await set.locator(".class-row:has(.thumbs) summary", { hasText: name }).first().click();
  await set.locator(".thumb img[src^=blob]").first().click();
  await page.getByRole("dialog").getByRole("heading", { name }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expectText(page);
  await operate(page);
  await page.goto(`${address}/models/hostile/summary`);
  await page.goto(`${address}/swagger/index.html`);
  await page.locator(".opblock").first().waitFor();
  await expectText(page);
  expectNoErrors(page);
});

// The audit trail shows the paths of requests.
async function operate(page) {
  const headers = { Authorization: `Bearer ${key}` };
  await page.request.delete(`${address}/datasets/${encodeURIComponent(name)}`, { headers });
  await page.getByRole("link", { name: "Operate" }).click();
  await page.getByText(`tried to delete the data set ${name}`).waitFor();
  await expectText(page);
}

async function expectText(page) {
  expect(await page.evaluate(() => !("hacked" in window)), "A name ran as script.");
  expect(await page.locator("img[onerror]").count() === 0, "A name became an element.");
}
