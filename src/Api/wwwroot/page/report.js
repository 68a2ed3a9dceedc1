// Shows the report of a job: the accuracy of the model, the classes that it confuses, and the pictures that it classifies wrongly.

import { element, fill } from "./dom.js";
import { count, percent } from "./format.js";
import { json, route } from "./api.js";

const mostClasses = 30;

/** Makes a panel that fetches the report when it is opened. */
export function reportPanel(job) {
  const content = element("div", { class: "stack" });
  const panel = element("details", { class: "report" }, element("summary", {}, "Report"), content);
  panel.addEventListener("toggle", () => {
    if (panel.open && content.childElementCount === 0) load(job, content);
  });
  return panel;
}

async function load(job, content) {
  try {
    const headers = { Accept: "application/json" };
    const report = await json(`fine_tuning/jobs/${route(job.id)}/report`, { headers });
    fill(content, headline(report), report.evaluation?.confusion ? confusion(report) : classTable(report));
  } catch (error) {
    fill(content, element("p", { class: "notice error" }, error.message));
  }
}

function headline(report) {
  const { accuracy } = report.evaluation ?? {};
  if (accuracy === undefined) return null;
  const wrong = report.wrong === 0 ? "none is wrong" : `${count(report.wrong, "is", "are")} wrong`;
  return element("p", { class: "figure" },
    element("strong", {}, percent(accuracy)), ` right: of ${count(report.images, "picture")} not used in training, ${wrong}.`);
}

function classTable(report) {
  const classes = report.evaluation?.labels ?? report.evaluation?.classes ?? [];
  if (classes.length === 0) return null;
  const cell = (value) => element("td", {}, value === undefined ? "" : percent(value));
  return scrolled("Labels", element("table", {},
    element("thead", {}, element("tr", {}, ["Label", "Precision", "Recall", "F1"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, classes.map((one) =>
      element("tr", {}, element("th", { scope: "row" }, one.label), cell(one.precision), cell(one.recall), cell(one.f1))))));
}

function confusion(report) {
  const { classes, confusion: rows } = report.evaluation;
  if (classes.length > mostClasses) return [classTable(report), mistakes(report.mistakes)];
  const pictures = element("div", { "aria-live": "polite" });
  const labels = classes.map((one) => one.label);
  const show = (row, column) => fill(pictures, cellPictures(report, labels[row], labels[column], rows[row][column]));
  const table = element("table", { class: "confusion" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "shows \\ taken for"),
      labels.map((label) => element("th", { scope: "col" }, label)))),
    element("tbody", {}, rows.map((row, at) => element("tr", {}, element("th", { scope: "row" }, labels[at]),
      row.map((images, column) => element("td", {}, cell(images, at, column, labels, show)))))));
  return [
    element("p", { class: "muted" },
      "Rows: what the pictures show. Columns: what the model says. Choose a red number to see its pictures."),
    scrolled("What is taken for what", table), pictures, mistakes(report.mistakes),
  ];
}

function cell(images, row, column, labels, show) {
  if (row === column || images === 0) return element("span", { class: row === column ? "right" : "none" }, images);
  const label = `${count(images, "picture")} of ${labels[row]} taken for ${labels[column]}; show`;
  return element("button", { type: "button", class: "wrong", "aria-label": label, onclick: () => show(row, column) }, images);
}

function cellPictures(report, label, predicted, images) {
  const shown = report.mistakes.filter((mistake) => mistake.label === label && mistake.predicted === predicted);
  return [
    element("h4", {}, `${label}, taken for ${predicted}`),
    shown.length < images && element("p", { class: "muted" }, `The report has ${shown.length} of the ${images} pictures, the worst ones.`),
    pictures(shown),
  ];
}

function mistakes(list) {
  return list?.length > 0 && element("details", {}, element("summary", {}, "The worst mistakes"), pictures(list));
}

function pictures(list) {
  return element("div", { class: "mistakes" }, list.map((mistake) => element("figure", {},
    element("img", { src: mistake.picture, alt: mistake.image }),
    element("figcaption", {},
      `${mistake.label}, taken for ${mistake.predicted}`, element("span", { class: "muted" }, percent(mistake.probability))))));
}

function scrolled(label, table) {
  return element("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": label }, table);
}
