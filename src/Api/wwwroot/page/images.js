// Takes images that the person drops, pastes, chooses or photographs.

import { element } from "./dom.js";

/**
 * Makes an area to drop images on, with buttons to choose and to photograph images. `take` gets the files. `accept` limits the files that
 * the file dialog offers.
 */
export function dropZone({ title, hint, take, accept = "image/*", camera = true, folder = false, small = false, name }) {
  const choose = fileButton("Choose files", { accept, multiple: true }, take, name);
  const photograph = camera && fileButton("Take a photo", { accept: "image/*", capture: "environment" }, take, name);
  const wholeFolder = folder && fileButton("Choose a folder", { webkitdirectory: true }, take, name);
  const zone = element("div", { class: small ? "drop small" : "drop" },
    element("p", { class: "drop-title" }, title),
    hint && element("p", { class: "muted" }, hint),
    element("div", { class: "row center" }, wholeFolder, choose, photograph));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const files = await droppedFiles(event.dataTransfer);
    if (files.length > 0) take(files);
  });
  return zone;
}

function fileButton(text, properties, take, name) {
  const { capture, ...rest } = properties;
  const label = name ? `${text}: ${name}` : text;
  const input = element("input", { type: "file", class: "hidden", tabIndex: -1, "aria-label": label, ...rest });
  if (capture) input.setAttribute("capture", capture);
  input.addEventListener("change", () => {
    const files = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    input.value = "";
    if (files.length > 0) take(files);
  });
  const button = element("button", { type: "button", class: "button", "aria-label": label, onclick: () => input.click() }, text);
  return [button, input];
}

/** Returns the dropped files with their paths, including the files in dropped folders. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const lists = await Promise.all(entries.filter(Boolean).map((entry) => (entry instanceof File ? plain(entry) : read(entry, ""))));
  return lists.flat();
}

function plain(file) {
  return [{ path: file.name, file }];
}

async function read(entry, folder) {
  const path = `${folder}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  const lists = await Promise.all((await inner(entry)).map((one) => read(one, `${path}/`)));
  return lists.flat();
}

// Returns the entries of a folder. The browser gives them in several portions; an empty portion is the last.
async function inner(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return all;
    all.push(...portion);
  }
}

/** Calls `take` with the images that the person pastes, until `signal` is aborted. */
export function onPaste(take, signal) {
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (files.length > 0) take(files.map((file) => ({ path: file.name || "pasted image", file })));
  }, { signal });
}
