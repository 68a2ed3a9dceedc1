// Shows the request to classify as code in several languages, for copying.

import { element, fill } from "./dom.js";
import { currentKey } from "./key.js";
import { fullAddress, route } from "./api.js";

// The code reads the key from an environment variable, so that a copy of the code does not contain the key.
const languages = {
  curl: (address, withKey) =>
    `curl ${withKey ? '-H "Authorization: Bearer $FOVEA_KEY" ' : ""}--data-binary @photo.jpg \\\n'${address}'`,

  "C#": (address, withKey) => `using System.Net.Http.Headers;

using var client = new HttpClient();
${withKey ? `client.DefaultRequestHeaders.Authorization =
    new("Bearer", Environment.GetEnvironmentVariable("FOVEA_KEY"));
` : ""}using var image = new ByteArrayContent(File.ReadAllBytes("photo.jpg"));
image.Headers.ContentType = new("image/jpeg");
using var answer = await client.PostAsync("${address}", image);
Console.WriteLine(await answer.Content.ReadAsStringAsync());`,

  PowerShell: (address, withKey) => `Invoke-RestMethod -Method Post -InFile photo.jpg \`
  -ContentType image/jpeg \`
${withKey ? '  -Headers @{ Authorization = "Bearer $env:FOVEA_KEY" } `\n' : ""}  -Uri '${address}' |
  Select-Object -ExpandProperty predictions`,

  Python: (address, withKey) => `${withKey ? "import os\n" : ""}from urllib.request import Request, urlopen

request = Request(
    "${address}",
    data=open("photo.jpg", "rb").read(),
    headers={"Content-Type": "image/jpeg"${withKey ? ',\n             "Authorization": f"Bearer {os.environ[\'FOVEA_KEY\']}"' : ""}})
print(urlopen(request).read().decode())`,
};

export function codePanel(model) {
  const address = fullAddress(`classify/${route(model)}`);
  const code = element("code");
  const holder = element("pre", { class: "code", tabIndex: 0, role: "region", "aria-label": "Code" }, code);
  const copy = element("button", { type: "button", class: "button", onclick: () => copyText(code.textContent, copy) }, "Copy");
  const buttons = Object.keys(languages).map((name) =>
    element("button", { type: "button", class: "chip", onclick: () => choose(name) }, name));
  const choose = (name) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
    fill(code, languages[name](address, currentKey() !== null));
  };
  choose("curl");
  return element("section", { class: "card stack tight" },
    element("div", { class: "row between" }, element("h2", {}, "The same in code"), copy),
    element("div", { class: "row", role: "group", "aria-label": "Language" }, buttons),
    holder);
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without TLS, browsers do not let a page use the clipboard. The person can still select the text.
    button.textContent = "Select it and copy";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}
