// Shows the findings about a data set: wrong labels, copies, leaks and bad pictures, each with its picture.

import { actionButton, element, fill } from "./dom.js";
import { json, route } from "./api.js";
import { count } from "./format.js";

const perPage = 24;

/**
 * A panel that asks the service for the health of a data set, which takes about a minute for 1,000 images at the first time. `thumb` makes
 * the picture of an image.
 */
export function healthPanel(set, thumb) {
  const content = element("div", { class: "stack tight", "aria-live": "polite" });
  load(set, content, thumb);
  return element("section", { class: "stack tight health", "aria-label": "Health" }, element("h3", {}, "Health"), content);
}

async function load(set, content, thumb) {
  fill(content, element("p", { class: "muted" }, "Looking for wrong labels, copies and bad pictures. This may take a minute …"));
  try {
    const report = await json(`datasets/${route(set.id)}/health`);
    const found = report.checks.filter((check) => check.count > 0);
    const left = report.checks.filter((check) => check.notChecked);
    fill(content,
      element("p", { class: "muted" }, found.length === 0
        ? `Nothing suspicious in ${count(report.images, "picture")}.`
        : `Found in ${count(report.images, "picture")}. Choose a picture to correct its label.`),
      found.map((check) => checkRow(check, thumb)),
      left.map((check) => element("p", { class: "muted" }, `${check.title}: ${check.notChecked}`)));
  } catch (error) {
    fill(content,
      element("p", { class: "notice error" }, error.message),
      actionButton("Look again", () => load(set, content, thumb), { kind: "quiet" }));
  }
}

function checkRow(check, thumb) {
  const shown = element("div", { class: "mistakes" });
  const more = element("div");
  const row = element("details", { class: "class-row" },
    element("summary", {}, check.title, element("span", { class: "muted" }, ` ${check.count}`)),
    element("p", { class: "muted" }, check.meaning), shown, more);
  row.addEventListener("toggle", () => {
    if (row.open && shown.childElementCount === 0) showMore(check, shown, more, thumb);
  });
  return row;
}

function showMore(check, shown, more, thumb) {
  const first = shown.childElementCount;
  shown.append(...check.findings.slice(first, first + perPage).map((finding) => findingFigure(finding, thumb)));
  const hasMore = shown.childElementCount < check.findings.length;
  fill(more, hasMore && actionButton("More findings", () => showMore(check, shown, more, thumb), { kind: "quiet" }));
}

function findingFigure(finding, thumb) {
  const shown = finding.images.filter((image) => image.thumbnail);
  return element("figure", {},
    shown.map((image) => thumb(asListed(image), finding.suggested)),
    element("figcaption", {},
      finding.reason,
      finding.images.map((image) => element("span", { class: "muted", title: image.file }, image.file.split("/").at(-1)))));
}

// The image of a finding, in the form in which the service lists the images of a data set.
function asListed({ file, labels, thumbnail, image }) {
  return { id: file, class: labels?.join(", ") ?? file.split("/")[1], file: file.split("/").at(-1), thumbnail, image };
}
