// Collects the images of a new data set. The person chooses a folder or a zip file, or names boxes and fills them with images.

import { actionButton, element, field, fill, notice } from "./dom.js";
import { bytes, count, shortened } from "./format.js";
import { dropZone } from "./images.js";
import { json } from "./api.js";
import { zip } from "./zip.js";

export function collectPanel({ onUploaded }) {
  const message = notice();
  const upload = (archive, name) => uploadArchive(archive, name, message, onUploaded);
  const ways = { "A folder or zip": () => folderPanel(upload, message), "Boxes to fill": () => boxPanel(upload, message) };
  const holder = element("div");
  const buttons = Object.keys(ways).map((name) => element("button", { type: "button", class: "chip", onclick: () => choose(name) }, name));
  const choose = (name) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
    message.say("");
    fill(holder, ways[name]());
  };
  choose("A folder or zip");
  return element("div", { class: "card stack" },
    element("div", { class: "row", role: "group", "aria-label": "How to choose the pictures" }, buttons), holder, message.element);
}

async function uploadArchive(archive, name, message, onUploaded) {
  message.say(`Uploading ${bytes(archive.size)} …`);
  const path = name ? `datasets?name=${encodeURIComponent(name)}` : "datasets";
  const set = await json(path, { method: "POST", body: archive, headers: { "Content-Type": "application/zip" } });
  const left = set.refused.length > 0 ? ` ${count(set.refused.length, "file")} could not be used.` : "";
  message.say(`Uploaded: ${count(set.classes.reduce((sum, one) => sum + one.count, 0), "image")}.${left}`, "good");
  onUploaded(set);
}

function folderPanel(upload, message) {
  const holder = element("div", { class: "stack" });
  const take = (files) => {
    const archive = files.length === 1 && /\.zip$/i.test(files[0].path) ? files[0].file : null;
    const uploadOnce = async (packed, name) => {
      await upload(packed, name);
      fill(holder);
    };
    message.say("");
    fill(holder, archive ? zipPreview(archive, uploadOnce, message) : folderPreview(files, uploadOnce, message));
  };
  return element("div", { class: "stack" },
    dropZone({
      title: "Drop a folder or a zip",
      hint: "It needs one folder of pictures for each class, such as cats and dogs.",
      accept: ".zip,application/zip", camera: false, folder: true, take,
    }),
    holder);
}

function zipPreview(archive, upload, message) {
  const name = nameInput(archive.name.replace(/\.zip$/i, ""));
  return [
    element("p", {}, `${archive.name}, ${bytes(archive.size)}`),
    field("Name of the data set", name),
    element("div", {}, actionButton("Upload", () => upload(archive, name.value.trim()),
      { kind: "primary", report: (error) => message.fail(error) })),
  ];
}

function nameInput(suggested) {
  return element("input", { type: "text", value: shortened(suggested, 100), autocomplete: "off", maxLength: 100 });
}

function folderPreview(files, upload, message) {
  const classes = countBy(files.map(({ path }) => path.split("/").at(-2) ?? ""));
  const [folder, ...others] = new Set(files.map(({ path }) => path.split("/").at(-3) && path.split("/")[0]));
  const name = nameInput(others.length === 0 && folder ? folder : "");
  const start = async () => {
    const archive = await zip(files, (done) => message.say(`Packing ${done} of ${files.length} …`));
    await upload(archive, name.value.trim());
  };
  return [
    element("ul", { class: "chips", "aria-label": "Folders found" },
      [...classes].slice(0, 40).map(([name, images]) => element("li", { class: "tag" }, `${name || "no folder"}: ${images}`))),
    field("Name of the data set", name),
    element("div", {}, actionButton(`Upload ${count(files.length, "file")}`, start,
      { kind: "primary", report: (error) => message.fail(error) })),
  ];
}

function countBy(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function boxPanel(upload, message) {
  const boxes = element("div", { class: "boxes" });
  const list = [];
  const add = () => {
    const made = newBox(list.length + 1);
    list.push(made);
    boxes.append(made.element);
  };
  add();
  add();
  const start = async () => upload(await zip(filesOf(list)));
  return element("div", { class: "stack" }, boxes,
    element("div", { class: "row" },
      element("button", { type: "button", class: "button", onclick: add }, "Add a box"),
      actionButton("Upload the boxes", start, { kind: "primary", report: (error) => message.fail(error) })));
}

// Returns the files of all boxes with paths for the zip file. A box may have several files of the same name, so each name begins with a
// number.
function filesOf(boxes) {
  const filled = boxes.filter((box) => box.files.length > 0);
  if (filled.length < 2) throw new Error(`${count(filled.length, "box has", "boxes have")} pictures; expected at least two boxes.`);
  const names = filled.map((box) => box.name());
  const wrong = names.find((name) => name === "" || /[/\\]/.test(name) || name.startsWith("."));
  if (wrong !== undefined) {
    throw new Error(`A box is named “${wrong}”; expected a name without slashes and without a dot at its start.`);
  }
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new Error(`Two boxes are named ${twice}; expected different names.`);
  return filled.flatMap((box, place) =>
    box.files.map(({ path, file }, number) => ({ path: `${names[place]}/${number + 1}-${path.split("/").at(-1)}`, file })));
}

function newBox(number) {
  const files = [];
  const name = element("input", { type: "text", value: `class ${number}`, autocomplete: "off", maxLength: 100 });
  const pictures = element("div", { class: "thumbs" });
  const total = element("p", { class: "muted", "aria-live": "polite" }, "No picture yet");
  const take = (taken) => {
    files.push(...taken);
    for (const { path, file } of taken) pictures.append(element("img", { src: URL.createObjectURL(file), alt: path, loading: "lazy" }));
    total.textContent = count(files.length, "picture");
  };
  return {
    files,
    name: () => name.value.trim(),
    element: element("div", { class: "box stack tight" },
      field("Name of the class", name),
      dropZone({ title: "Drop pictures", take, small: true, name: `class ${number}` }), total, pictures),
  };
}
