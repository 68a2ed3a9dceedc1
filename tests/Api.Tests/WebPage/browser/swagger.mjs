// Swagger UI: the order of the groups, Authorize, names that are suggested, a picture that is shown as one.

import { browse, expect, expectNoErrors } from "./browser.mjs";

const [address, key] = process.argv.slice(2);

await browse(async (open) => {
  const page = await open({ address, path: "/swagger/index.html", view: "" });
  await page.locator(".opblock-tag").first().waitFor();
  const groups = await page.locator(".opblock-tag").evaluateAll((tags) => tags.map((tag) => tag.dataset.tag));
  const expected = ["Classify", "Explain", "Models", "Data sets", "Fine-tuning", "Architectures"].filter((name) => groups.includes(name));
  const first = groups.slice(0, expected.length);
  expect(first.join() === expected.join(), `The groups are ${groups.join(", ")}; expected ${expected.join(", ")} first.`);
  await authorize(page);
  await showPicture(page);
  await listDataSets(page);
  expectNoErrors(page);
});

async function authorize(page) {
  await page.locator(".auth-wrapper .authorize").click();
  await page.locator(".modal-ux input").fill(key);
  await page.locator(".modal-ux .authorize").click();
  await page.locator(".modal-ux .btn-done").click();
}

async function showPicture(page) {
  const route = page.locator("#operations-Models-GetModelSummary");
  await route.locator(".opblock-summary-control").click();
  const model = route.locator("tr[data-param-name=model] input");
  await model.focus();
  await page.locator("#suggested-model option[value=lenet5]").waitFor({ state: "attached" });
  await model.fill("lenet5");
  await route.locator(".response-controls select, .content-type").first().selectOption("image/svg+xml");
  await route.locator(".execute").click();
  await route.locator("img.network-picture").waitFor();
}

async function listDataSets(page) {
  const route = page.locator("#operations-Data_sets-ListDatasets");
  await route.locator(".opblock-summary-control").click();
  await route.locator(".execute").click();
  const status = await route.locator(".live-responses-table tbody .response-col_status").first().textContent();
  expect(status.includes("200"), `With the key the data sets are answered with ${status}; expected 200.`);
}
