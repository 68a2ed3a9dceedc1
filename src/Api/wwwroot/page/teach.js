// The teacher's view, in three steps: upload images as a data set, start a job on it, and use the model that the job makes.

import { element } from "./dom.js";
import { collectPanel } from "./collect.js";
import { dataSetList } from "./data-sets.js";
import { jobList } from "./jobs.js";

export function show({ signal }) {
  const jobs = jobList(signal);
  const sets = dataSetList({ signal, onJob: (job) => jobs.add(job) });
  const collect = collectPanel({ signal, onUploaded: (set) => sets.add(set) });
  return element("div", { class: "stack wide" },
    element("h1", {}, "Teach new classes"),
    element("p", { class: "lead" },
      "Give Fovea some dozens of pictures of each kind of thing. Fovea learns to distinguish the kinds, and makes a model that classifies "
      + "new pictures."),
    step("1", "Pictures", collect),
    step("2", "Data sets", sets.element),
    step("3", "Jobs", jobs.element));
}

function step(number, title, content) {
  return element("section", { class: "step" },
    element("h2", { class: "step-title" }, element("span", { class: "step-number", "aria-hidden": "true" }, number), title),
    content);
}
