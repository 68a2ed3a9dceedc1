// Shows the findings about a data set: wrong labels, copies, leaks and bad pictures, each with its picture.

import { actionButton, element, fill } from "./dom.js";
import { json, route } from "./api.js";
import { count } from "./format.js";
import { loadThumbnail } from "./gallery.js";

const perPage = 24;

/** A panel that asks the service for the health of a data set, which takes about a minute for 1,000 images at the first time. */
export function healthPanel(set) {
  const content = element("div", { class: "stack tight", "aria-live": "polite" });
  load(set, content);
  return element("section", { class: "stack tight health", "aria-label": "Health" }, element("h3", {}, "Health"), content);
}

async function load(set, content) {
  fill(content, element("p", { class: "muted" }, "Looking for wrong labels, copies and bad pictures. This may take a minute …"));
  try {
    const report = await json(`datasets/${route(set.id)}/health`);
    const found = report.checks.filter((check) => check.count > 0);
    const left = report.checks.filter((check) => check.notChecked);
    fill(content,
      element("p", { class: "muted" }, found.length === 0
        ? `Nothing suspicious in ${count(report.images, "picture")}.`
        : `Found in ${count(report.images, "picture")}. To correct a picture, choose it below under Pictures.`),
      found.map(checkRow),
      left.map((check) => element("p", { class: "muted" }, `${check.title}: ${check.notChecked}`)));
  } catch (error) {
    fill(content,
      element("p", { class: "notice error" }, error.message),
      actionButton("Look again", () => load(set, content), { kind: "quiet" }));
  }
}

function checkRow(check) {
  const shown = element("div", { class: "mistakes" });
  const more = element("div");
  const row = element("details", { class: "class-row" },
    element("summary", {}, check.title, element("span", { class: "muted" }, ` ${check.count}`)),
    element("p", { class: "muted" }, check.meaning), shown, more);
  row.addEventListener("toggle", () => {
    if (row.open && shown.childElementCount === 0) showMore(check, shown, more);
  });
  return row;
}

function showMore(check, shown, more) {
  const first = shown.childElementCount;
  shown.append(...check.findings.slice(first, first + perPage).map(findingFigure));
  const hasMore = shown.childElementCount < check.findings.length;
  fill(more, hasMore && actionButton("More findings", () => showMore(check, shown, more), { kind: "quiet" }));
}

function findingFigure(finding) {
  const pictures = finding.images.filter((image) => image.thumbnail).map((image) => {
    const shown = element("img", { alt: image.file });
    loadThumbnail(shown, image.thumbnail);
    return shown;
  });
  return element("figure", {}, pictures,
    element("figcaption", {}, finding.reason, finding.images.map((image) => element("span", { class: "muted id" }, image.file))));
}
