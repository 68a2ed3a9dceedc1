// Shows the pictures of a data set. A click on a picture corrects its label. The corrected images are saved as a new data set. The pictures
// of findings can be corrected in the same way.

import { actionButton, element, field, fill, notice, select } from "./dom.js";
import { everyEntry, json, picture, post, route, send } from "./api.js";
import { count, shortened } from "./format.js";
import { zip } from "./zip.js";

const perPage = 24;

// In a zip file of corrections, the images in a folder of this name are removed from the data set.
const removed = "_removed";

/**
 * Makes the pictures of the classes, and the bar that saves corrections. `thumb` makes a picture that corrects its label; its argument
 * `suggested` is the label that is chosen at first.
 */
export function gallery(set, { onCorrected, onJob }) {
  const corrections = new Map();
  const bar = element("div", { class: "row between corrections", hidden: true });
  const message = notice();
  const context = { set, corrections, bar, message, onCorrected, onJob };
  return {
    element: element("div", { class: "stack tight" },
      element("h3", {}, "Pictures"),
      element("p", { class: "muted" }, "Is a picture in the wrong class? Choose it to correct its label."),
      set.classes.map((one) => classRow(one, context))),
    bar: [bar, message.element],
    thumb: (image, suggested) => thumb(image, context, suggested),
  };
}

function classRow(one, context) {
  const thumbs = element("div", { class: "thumbs" });
  const more = element("div");
  const row = element("details", { class: "class-row" },
    element("summary", {}, one.label,
      element("span", { class: "muted" },
        ` ${one.train} for training, ${one.val} for validation`, one.test > 0 && `, ${one.test} for testing`)),
    thumbs, more);
  row.addEventListener("toggle", () => {
    if (row.open && thumbs.childElementCount === 0) loadPage(one.label, null, thumbs, more, context);
  });
  return row;
}

async function loadPage(label, after, thumbs, more, context) {
  const query = `class=${encodeURIComponent(label)}&limit=${perPage}${after ? `&after=${encodeURIComponent(after)}` : ""}`;
  try {
    const page = await json(`datasets/${route(context.set.id)}/images?${query}`);
    thumbs.append(...page.data.map((image) => thumb(image, context)));
    const next = () => loadPage(label, page.data.at(-1).id, thumbs, more, context);
    fill(more, page.has_more && actionButton("More pictures", next, { kind: "quiet", report: (error) => context.message.fail(error) }));
  } catch (error) {
    context.message.fail(error);
  }
}

function thumb(image, context, suggested) {
  const shown = element("img", { alt: `${image.class}: ${image.file}` });
  const open = () => correct(image, shown, button, context, suggested);
  const button = element("button", { type: "button", class: "thumb", title: image.file, onclick: open }, shown);
  loadThumbnail(shown, image.thumbnail);
  return button;
}

// Loads a thumbnail of a data set into an image element, with the person's key.
async function loadThumbnail(shown, address) {
  try {
    shown.src = await picture(address, { quiet: true });
  } catch {
    shown.classList.add("unseen");
  }
}

function correct(image, shown, button, context, suggested) {
  const labels = context.set.classes.map((one) => one.label);
  const now = context.corrections.get(image.id)?.label ?? suggested ?? image.class;
  const choice = select([...labels, [removed, "none: remove it"]], now);
  const dialog = element("dialog", { class: "dialog", "aria-label": `Correct ${image.file}` },
    element("form", { method: "dialog" },
      element("h2", {}, image.file),
      element("img", { src: shown.src, alt: "", class: "picture" }),
      field("What does it show?", choice, `Its label is ${image.class}.`),
      element("div", { class: "row end" },
        element("button", { type: "button", class: "button quiet", onclick: () => dialog.close("no") }, "Cancel"),
        element("button", { type: "submit", class: "button primary", value: "yes" }, "Correct it"))));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "yes") remember(image, choice.value, button, context);
  });
  document.body.append(dialog);
  dialog.showModal();
}

function remember(image, label, button, context) {
  if (label === image.class) context.corrections.delete(image.id);
  else context.corrections.set(image.id, { image, label });
  const isCorrected = context.corrections.has(image.id);
  button.classList.toggle("corrected", isCorrected);
  button.title = isCorrected ? `${image.file}: ${label === removed ? "removed" : label}` : image.file;
  showBar(context);
}

function showBar(context) {
  const { bar, corrections, message } = context;
  const report = (error) => message.fail(error);
  bar.hidden = corrections.size === 0;
  fill(bar,
    element("strong", {}, count(corrections.size, "correction")),
    element("div", { class: "row" },
      actionButton("Save as a new data set", () => save(context), { report }),
      actionButton("Save and retrain", () => saveAndRetrain(context), { kind: "primary", report })));
}

async function save(context) {
  const { set, corrections, message } = context;
  const entries = [];
  for (const { image, label } of corrections.values()) {
    entries.push({ path: `${label}/${entries.length + 1}-${image.file}`, file: await original(image) });
    message.say(`Collecting ${entries.length} of ${corrections.size} …`);
  }
  const name = set.name && `&name=${encodeURIComponent(correctedName(set.name))}`;
  const made = await json(`datasets?from=${route(set.id)}${name ?? ""}`, {
    method: "POST", body: await zip(entries), headers: { "Content-Type": "application/zip" },
  });
  message.say("The corrected images are a new data set.", "good");
  corrections.clear();
  showBar(context);
  context.onCorrected(made);
  return made;
}

// Names have at most 100 characters.
function correctedName(name) {
  const end = ", corrected";
  return name.endsWith(end) ? name : shortened(name, 100 - end.length) + end;
}

// Returns the original image file. A thumbnail is not enough, because the service finds the image in the old data set by its bytes.
async function original(image) {
  if (!image.image) throw new Error("This service does not give out the original images, so labels cannot be corrected here.");
  return (await send(image.image)).blob();
}

// The new job has the start, name, method and way of publishing of the last job on the old data set.
async function saveAndRetrain(context) {
  const last = (await everyEntry("fine_tuning/jobs")).find((job) => job.dataset === context.set.id);
  const made = await save(context);
  context.onJob(await post("fine_tuning/jobs",
    { dataset: made.id, model: last?.model, suffix: last?.suffix, method: last?.method, publish: last?.publish }));
}
