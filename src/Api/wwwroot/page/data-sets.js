// The list of data sets. An opened data set shows its pictures, its health and the form that starts a job.

import { actionButton, confirmed, element, fill, notice } from "./dom.js";
import { count, time } from "./format.js";
import { everyEntry, json, route } from "./api.js";
import { gallery } from "./gallery.js";
import { healthPanel } from "./health.js";
import { trainForm } from "./train-form.js";

export function dataSetList({ signal, onJob }) {
  const list = element("div", { class: "stack" });
  const message = notice();
  const shown = { list, message, onJob, signal };
  const load = () => loadInto(shown);
  load();
  document.addEventListener("key", load, { signal });
  return {
    element: element("div", { class: "stack" }, message.element, list),
    add: (set) => addTo(shown, set),
  };
}

async function loadInto(shown) {
  try {
    const sets = await everyEntry("datasets", 100);
    shown.message.say(sets.length === 0 ? "No data set yet. Upload pictures to make one." : "");
    fill(shown.list, sets.map((set) => card(set, shown)));
  } catch (error) {
    shown.message.fail(error);
  }
}

function addTo(shown, set) {
  shown.message.say("");
  const made = card(set, shown);
  made.open = true;
  shown.list.prepend(made);
}

function card(set, shown) {
  const content = element("div", { class: "stack" });
  const images = set.classes.reduce((sum, one) => sum + one.count, 0);
  const labels = labelsOf(set);
  const made = element("details", { class: "card" },
    element("summary", {},
      element("span", { class: "summary-title" }, set.name ?? labels),
      element("span", { class: "muted" },
        set.name && `${labels}; `,
        `${count(set.classes.length, "class", "classes")}, ${count(images, "image")}, ${time(set.created_at)}`)),
    content);
  made.addEventListener("toggle", () => {
    if (made.open && content.childElementCount === 0) fill(content, details(set, shown, made));
  });
  return made;
}

// Names the classes; of many classes, the first ones.
function labelsOf({ classes }) {
  const most = 6;
  const more = classes.length > most ? ` and ${classes.length - most} more` : "";
  return classes.slice(0, most).map((one) => one.label).join(", ") + more;
}

function details(set, shown, made) {
  const message = notice();
  const pictures = gallery(set, { onCorrected: (corrected) => addTo(shown, corrected), onJob: shown.onJob });
  return [
    set.refused.length > 0 && refusedFiles(set.refused),
    trainForm(set, shown.onJob),
    healthPanel(set, pictures.thumb),
    pictures.element, pictures.bar,
    message.element,
    element("div", { class: "row between" },
      element("span", { class: "muted id" }, set.id),
      actionButton("Delete this data set", () => remove(set, made), { kind: "danger quiet", report: (error) => message.fail(error) })),
  ];
}

function refusedFiles(refused) {
  return element("details", {},
    element("summary", {}, `${count(refused.length, "file")} could not be used`),
    element("ul", { class: "plain" }, refused.slice(0, 200).map(({ file, reason }) =>
      element("li", {}, element("strong", {}, file), ` ${reason}`))));
}

async function remove(set, made) {
  const question = "Delete this data set and its images? Models that were trained on it are not deleted.";
  if (!await confirmed(question, "Delete the data set")) return;
  await json(`datasets/${route(set.id)}`, { method: "DELETE" });
  made.remove();
}
