// Uploads a model, and shows what adoption found, changed and assumed in its file, and what it still needs.

import { actionButton, element, field, fill, notice } from "./dom.js";
import { json, route } from "./api.js";

export function uploadPanel(onUploaded) {
  const message = notice();
  const findings = element("div");
  const name = element("input", { type: "text", autocomplete: "off", spellcheck: false });
  const version = element("input", { type: "number", min: 1, value: "1" });
  const files = element("input", { type: "file", multiple: true });
  files.addEventListener("change", () => suggest(files, name, version));
  const upload = async () => {
    fill(findings);
    message.say("Uploading and checking …");
    const model = await putModel(name.value.trim(), version.value, [...files.files]);
    message.say(`${model.name} has version ${version.value} now.`, "good");
    if (model.findings) fill(findings, findingsPanel(model.findings));
    await onUploaded();
  };
  return element("section", { class: "card stack" },
    element("h2", {}, "Upload a model"),
    field("Files", files, "The .onnx file of any classifier, and the files that belong to it: labels.txt, model.json, config.json, .data"),
    element("div", { class: "fields" }, field("Name", name), field("Version", version)),
    element("div", {}, actionButton("Upload the model", upload, { kind: "primary", report: (error) => message.fail(error) })),
    message.element, findings);
}

async function suggest(files, name, version) {
  const model = [...files.files].find((file) => isNetwork(file.name));
  if (!model || name.value) return;
  name.value = model.name.toLowerCase().replace(/\.onnx$/, "").replace(/[^a-z0-9._-]+/g, "-");
  const known = (await json("models", { quiet: true }).catch(() => [])).find((one) => one.name === name.value);
  version.value = String(Math.max(0, ...(known?.versions ?? [])) + 1);
}

function putModel(name, version, files) {
  if (!name) throw new Error("The model has no name; expected letters, digits, dots, dashes and underscores.");
  if (!files.some((file) => isNetwork(file.name))) throw new Error("None of the files is an .onnx file; expected one.");
  const path = `models/${route(name)}/versions/${route(version)}`;
  if (files.length === 1) {
    return json(path, { method: "PUT", body: files[0], headers: { "Content-Type": "application/octet-stream" } });
  }
  const form = new FormData();
  for (const file of files) form.append(partOf(file.name), file, file.name);
  return json(path, { method: "PUT", body: form });
}

// The service ignores the case of the letters of a file's ending, and of the name model.json.
function isNetwork(file) {
  return file.toLowerCase().endsWith(".onnx");
}

function partOf(file) {
  if (isNetwork(file)) return "model";
  if (file.toLowerCase() === "model.json") return "json";
  return file.toLowerCase().endsWith(".txt") ? "labels" : "beside";
}

/** Shows the findings of adoption as lists of sentences. */
export function findingsPanel({ found = {}, changed = [], assumed = [], needs = [] }) {
  const facts = Array.isArray(found) ? found : Object.entries(found).map(([name, value]) =>
    typeof value === "string" ? value : `${name}: ${JSON.stringify(value)}`);
  return element("div", { class: "stack tight" },
    sentences("Found", facts), sentences("Changed", changed), sentences("Assumed", assumed), sentences("Still needed", needs));
}

function sentences(title, list) {
  return list.length > 0 && element("div", {}, element("h3", {}, title),
    element("ul", { class: "plain" }, list.map((text) => element("li", {}, text))));
}
