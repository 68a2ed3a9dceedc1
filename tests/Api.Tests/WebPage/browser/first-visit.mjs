// Prints the bytes that a first visit transfers, headers included.

import { browse, expectNoErrors } from "./browser.mjs";

const [address] = process.argv.slice(2);

await browse(async (open) => {
  const page = await open({ address: "about:blank", path: "", view: "" });
  const session = await page.context().newCDPSession(page);
  let bytes = 0;
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (loaded) => { bytes += loaded.encodedDataLength; });
  await page.goto(`${address}/`);
  await page.locator(".network-picture img").waitFor();
  await page.waitForLoadState("networkidle");
  expectNoErrors(page);
  console.log(`bytes ${bytes}`);
});
