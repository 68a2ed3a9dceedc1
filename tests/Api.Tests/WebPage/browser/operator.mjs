// The operator, from an empty repository: a model that lacks facts is refused with what it needs, another is uploaded, unloaded, loaded and
// deleted. The page says who changed what, and how much disk is used; to a stranger it says neither.

import { browse, expect, expectNoErrors } from "./browser.mjs";

const [address, key, model, foreign] = process.argv.slice(2);

await browse(async (open) => {
  const page = await open({ address, key, view: "operate" });
  await page.getByText("The repository is empty").waitFor();
  await upload(page, foreign, "foreign");
  const refusal = await page.locator(".beside .notice.error").textContent();
  expect(refusal.includes("labels") || refusal.includes("preprocessing"), `The refusal is ${refusal}; expected what the file needs.`);
  await upload(page, model, "digits");
  const card = page.getByRole("article", { name: "digits" });
  await card.locator(".tag.ready").first().waitFor();
  await card.getByText("Version 1").waitFor();
  await upload(page, model, "digits", "2");
  await card.getByText("Version 2").waitFor();
  await card.getByRole("button", { name: "Publish version 1 of digits" }).click();
  await card.getByRole("button", { name: "Publish version 2 of digits" }).waitFor();
  await card.getByRole("button", { name: "Unload digits" }).click();
  await card.getByText("unloaded").waitFor();
  await card.getByRole("button", { name: "Load digits", exact: true }).click();
  await card.locator(".tag.ready").first().waitFor();
  const changes = page.locator("section", { has: page.getByRole("heading", { name: "Who changed what" }) });
  await changes.getByText("published digits version 1").waitFor();
  await changes.getByText("tried to add foreign version 1").waitFor();
  const disk = page.locator("section", { has: page.getByRole("heading", { name: "Disk and retention" }) });
  await disk.getByText("free on the disk").waitFor();
  await disk.getByText("30 days").waitFor();
  for (const version of [2, 1]) await remove(page, card, version);
  await card.waitFor({ state: "detached" });
  await changes.getByText("deleted digits version 1").waitFor();
  expectNoErrors(page);
  const stranger = await open({ address, view: "operate" });
  await stranger.getByText("You need a key with the scope administer to see this.").first().waitFor();
  expectNoErrors(stranger);
});

async function upload(page, file, name, version = "1") {
  await page.getByLabel("Files").setInputFiles(file);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Version", { exact: true }).fill(version);
  await page.getByRole("button", { name: "Upload the model" }).click();
  await page.locator(".beside .notice.good, .beside .notice.error").first().waitFor();
}

async function remove(page, card, version) {
  await card.getByRole("button", { name: `Delete version ${version} of digits` }).click();
  await page.getByRole("button", { name: "Delete the version" }).click();
  await card.getByText(`Version ${version}`, { exact: true }).waitFor({ state: "detached" });
}
