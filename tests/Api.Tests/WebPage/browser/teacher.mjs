// The teacher: images to a data set, a job that is watched through a restart of the service, and a model that serves.
// The walk prints "restart" where the service is to be killed and started again.

import { browse, expect, expectNoErrors } from "./browser.mjs";

const [address, key, objects, archive, photo] = process.argv.slice(2);

await browse(async (open) => {
  const page = await open({ address, view: "teach" });
  await enterKey(page);
  await fillBoxes(page);
  await chooseFolder(page);
  await uploadArchive(page);
  await seeHealth(page);
  await teach(page);
  await tryIt(page);
  await rollBackAndDelete(page);
  expectNoErrors(page);
});

async function enterKey(page) {
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Key", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Key").last().fill(key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.getByText("No data set yet").waitFor();
}

async function fillBoxes(page) {
  await page.getByRole("button", { name: "Boxes to fill" }).click();
  for (const [place, name] of ["key", "mug"].entries()) {
    const box = page.locator(".box").nth(place);
    await box.getByLabel("Name of the class").fill(name);
    await box.locator("input[type=file]").first().setInputFiles([1, 2, 3, 4].map((number) => `${objects}/${name}/0${number}.jpg`));
  }
  await page.getByRole("button", { name: "Upload the boxes" }).click();
  await page.getByText("Uploaded: 8 images.").waitFor();
}

async function chooseFolder(page) {
  await page.getByRole("button", { name: "A folder or zip" }).click();
  await page.locator("input[webkitdirectory]").setInputFiles(objects);
  await page.getByText("leaf: 24").waitFor();
  await page.getByRole("button", { name: "Upload 72 files" }).click();
  await page.getByText("Uploaded: 72 images.").waitFor();
}

async function uploadArchive(page) {
  await page.locator(".drop input[accept]").first().setInputFiles(archive);
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.locator("details.card[open]").nth(2).waitFor();
}

// The archive has one of the pictures twice.
async function seeHealth(page) {
  const health = page.locator("details.card[open]").first().locator(".health");
  await health.locator("summary", { hasText: "Identical images" }).click({ timeout: 300_000 });
  await health.locator("img[src^=blob]").nth(1).waitFor();
  await health.getByText("2 images are identical").waitFor();
  await health.locator(".thumb").first().click();
  await page.getByRole("dialog").getByText("Its label is key.").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
}

async function teach(page) {
  const set = page.locator("details.card[open]").first();
  await set.locator(".class-row:has(.thumbs) summary").first().click();
  await set.locator(".thumb img[src^=blob]").first().waitFor();
  await set.getByLabel("Quick").check();
  await set.getByLabel("Name of the new model").fill("objects");
  await set.getByRole("button", { name: "Start teaching" }).click();
  const job = page.locator(".job").first();
  await job.locator(".tag.running").waitFor();
  console.log("restart");
  await job.locator(".tag.succeeded").waitFor();
  await job.getByText("the result, serves now.").waitFor();
  await job.locator(".report > summary").click();
  await job.locator(".figure").waitFor();
  await job.locator("table.confusion").waitFor();
}

async function tryIt(page) {
  await page.locator(".job").first().getByRole("link", { name: "Try it" }).click();
  await page.getByRole("heading", { name: "What is in the picture?" }).waitFor();
  await page.locator(".drop input[type=file]").first().setInputFiles(photo);
  const label = await page.locator(".answer .bar-label").first().textContent();
  expect(label === "mug", `The photo of a mug is answered with ${label}.`);
}

async function rollBackAndDelete(page) {
  await page.getByRole("link", { name: "Teach" }).click();
  await page.getByRole("heading", { name: "Teach new classes" }).waitFor();
  const job = page.locator(".job").first();
  await job.getByRole("button", { name: "Roll back" }).click();
  await job.getByText("no other version").or(job.locator(".notice.error")).first().waitFor();
  await job.getByRole("button", { name: "Delete this version" }).click();
  await page.getByRole("button", { name: "Delete the version" }).click();
  await job.getByText("is deleted.").waitFor();
  await page.locator("details.card summary").first().click();
  await page.getByRole("button", { name: "Delete this data set" }).click();
  await page.getByRole("button", { name: "Delete the data set" }).click();
  await page.waitForFunction(() => document.querySelectorAll("details.card").length === 2);
}
