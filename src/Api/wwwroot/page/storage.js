// Shows the operator how much disk the service uses, and how long it keeps what it stores.

import { bytes, count } from "./format.js";
import { element } from "./dom.js";
import { json } from "./api.js";
import { showPrivate } from "./key.js";

const interval = 60_000;

const folderNames = {
  models: "Models", adopted: "Adopted models", datasets: "Data sets", jobs: "Jobs", weights: "Downloaded weights",
};
const keptNames = {
  datasets: "Data sets", jobs: "Ended jobs, reports", checkpoints: "Their checkpoints", audit: "Who changed what",
};

export function storagePanel(signal) {
  const content = element("div", { class: "stack tight" });
  const load = () => showPrivate(content, async () => use(await json("storage", { signal, quiet: true })));
  load();
  const timer = setInterval(() => { if (!document.hidden) load(); }, interval);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("key", load, { signal });
  return element("section", { class: "card stack tight" }, element("h2", {}, "Disk and retention"), content);
}

function use({ folders, retention }) {
  const total = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  return [
    element("dl", { class: "rows" }, folders.map((folder) =>
      row(folderNames[folder.name] ?? folder.name,
        folder.files === 0 ? "nothing" : `${bytes(folder.bytes)} in ${count(folder.files, "file")}`))),
    element("p", { class: "muted small" }, `${bytes(total)} in use${free(folders)}.`),
    element("h3", {}, "Deleted after"),
    element("dl", { class: "rows" },
      Object.entries(retention).map(([name, days]) => row(keptNames[name] ?? name, days === 0 ? "never" : count(days, "day"))),
      row("Versions of models", "never")),
    element("p", { class: "muted small" }, "The settings Fovea:Retention change the days."),
  ];
}

// The folders may lie on several disks, so the least free space counts.
function free(folders) {
  const least = Math.min(...folders.map((folder) => folder.free ?? Infinity));
  return Number.isFinite(least) ? `, ${bytes(least)} free on the disk` : "";
}

function row(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
