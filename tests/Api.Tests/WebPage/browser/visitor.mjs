// The visitor: images in, labels out, with the network and the code beside them. In two browsers at once, one of them behind a proxy that
// serves the page below a path prefix.

import { readFileSync } from "node:fs";
import { browse, expect, expectNoErrors } from "./browser.mjs";
import { behindPrefix } from "./prefix.mjs";

const [address, samples] = process.argv.slice(2);

await browse(async (open) => {
  await behindPrefix(address, "/fovea", async (prefixed) => {
    const phone = { address: prefixed, width: 390, height: 844, dark: true };
    await Promise.all([visit(await open({ address }), address), visit(await open(phone), prefixed)]);
  });
});

async function visit(page, shown) {
  await page.getByLabel("Model", { exact: true }).selectOption("lenet5");
  await page.locator(".drop input[type=file]").first().setInputFiles([3, 7, 8].map((digit) => `${samples}/${digit}.png`));
  for (const digit of ["3", "7", "8"]) {
    const answer = page.getByRole("article", { name: `${digit}.png` });
    await answer.locator(".bar-label").first().waitFor();
    const label = await answer.locator(".bar-label").first().textContent();
    const value = await answer.locator(".bar-value").first().textContent();
    expect(label === digit, `${digit}.png is answered with ${label}; expected ${digit}.`);
    expect(/^(> )?\d+\.\d %$/.test(value), `The probability is ${value}; expected percent.`);
  }
  await page.locator(".network-picture img").waitFor();
  await code(page, shown);
  await heatMap(page);
  await drop(page);
  await refusal(page);
  expectNoErrors(page);
}

async function code(page, shown) {
  const parts = { "C#": "HttpClient", PowerShell: "Invoke-RestMethod", Python: "urlopen", curl: "--data-binary" };
  for (const [language, part] of Object.entries(parts)) {
    await page.getByRole("button", { name: language, exact: true }).click();
    const text = await page.locator(".code").textContent();
    expect(text.includes(part) && text.includes(`${shown}/classify/lenet5`), `The ${language} code is ${text}.`);
  }
}

async function heatMap(page) {
  const answer = page.getByRole("article", { name: "7.png" });
  await answer.locator(".bar-row").first().focus();
  const map = answer.locator("img.heat");
  await map.waitFor();
  const size = await map.evaluate(async (image) => (await image.decode(), [image.naturalWidth, image.naturalHeight]));
  const shown = await answer.locator("img:not(.heat)").first().evaluate((image) => [image.naturalWidth, image.naturalHeight]);
  expect(`${size}` === `${shown}`, `The heat map has the size ${size}; expected that of the image, ${shown}.`);
  await answer.locator(".bar-row").first().blur();
  await answer.locator("img.heat").waitFor({ state: "detached" });
}

async function drop(page) {
  const files = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(bytes)], "dropped.png", { type: "image/png" }));
    return transfer;
  }, [...readFileSync(`${samples}/5.png`)]);
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: files });
  await page.getByRole("article", { name: "dropped.png" }).locator(".bar-label").first().waitFor();
}

async function refusal(page) {
  const note = { name: "note.png", mimeType: "image/png", buffer: Buffer.from("no image") };
  await page.locator(".drop input[type=file]").first().setInputFiles(note);
  const text = await page.getByRole("article", { name: "note.png" }).getByRole("alert").textContent();
  expect(text.includes("not an image"), `A file that is no image is answered with ${text}.`);
}
