// Takes the screenshots of the documentation. Arguments: the address of the service, the folders samples and docs/images.

import { browse } from "./browser.mjs";

const [address, samples, folder] = process.argv.slice(2);
const width = 1180;

await browse(async (open) => {
  await classify(await open({ address, width, height: 900, view: "classify/objects" }));
  await operate(await open({ address, width, height: 760, view: "operate" }));
  await architecture(await open({ address, width, height: 760, view: "architectures/googlenet", dark: true }));
});

async function classify(page) {
  const images = ["mug/03", "key/05"].map((name) => `${samples}/objects/${name}.jpg`);
  await page.locator(".drop input[type=file]").first().setInputFiles(images);
  await page.locator(".answer .bar-label", { hasText: "mug" }).first().waitFor();
  await page.locator(".network-picture img").waitFor();
  await save(page, "page-classify");
}

async function operate(page) {
  await page.locator(".versions .version").first().waitFor();
  await save(page, "page-operate");
}

async function architecture(page) {
  await page.locator(".layer-block summary").first().click();
  await save(page, "page-architecture");
}

async function save(page, name) {
  await page.screenshot({ path: `${folder}/${name}.png` });
}
