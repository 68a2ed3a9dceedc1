// Shows the operator who changed what: uploads, jobs, publications and deletions, the newest first.

import { actionButton, element, fill } from "./dom.js";
import { json } from "./api.js";
import { showPrivate } from "./key.js";
import { time } from "./format.js";

const pageSize = 20;
const interval = 15_000;

// Patterns of methods and paths, and the words for what was done. $1 and $2 are the parts in brackets. Of a pair with a slash, the first
// word follows "tried to".
const sentences = [
  [/^POST models\/([^/]+)\/versions\/(\d+)\/publish$/, "publish/published $1 version $2"],
  [/^PUT models\/([^/]+)\/versions\/(\d+)$/, "add/added $1 version $2"],
  [/^DELETE models\/([^/]+)\/versions\/(\d+)$/, "delete/deleted $1 version $2"],
  [/^DELETE v1\/models\/([^/]+)$/, "delete/deleted the model $1"],
  [/^POST models\/([^/]+)\/rollback$/, "roll/rolled $1 back"],
  [/^POST (?:v2\/repository\/)?models\/([^/]+)\/load$/, "load/loaded $1"],
  [/^POST (?:v2\/repository\/)?models\/([^/]+)\/unload$/, "unload/unloaded $1"],
  [/^POST (?:datasets|v1\/files)$/, "upload/uploaded a data set"],
  [/^DELETE (?:datasets|v1\/files)\/([^/]+)$/, "delete/deleted the data set $1"],
  [/^POST (?:v1\/)?fine_tuning\/jobs$/, "start/started a job"],
  [/^POST (?:v1\/)?fine_tuning\/jobs\/([^/]+)\/cancel$/, "cancel/cancelled the job $1"],
  [/^POST (?:v1\/)?fine_tuning\/jobs\/([^/]+)\/pause$/, "pause/paused the job $1"],
  [/^POST (?:v1\/)?fine_tuning\/jobs\/([^/]+)\/resume$/, "resume/resumed the job $1"],
];

/** Makes the panel. `refresh` reads the newest changes again. */
export function auditPanel(signal) {
  const content = element("div", { class: "stack tight" });
  const state = { entries: [], hasMore: false, showsOlder: false, signal };
  const load = () => showPrivate(content, async () => list(await newest(state), state, content));
  load();
  const timer = setInterval(() => { if (!document.hidden && !state.showsOlder) load(); }, interval);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("key", load, { signal });
  return { element: element("section", { class: "card stack tight" }, element("h2", {}, "Who changed what"), content), refresh: load };
}

async function newest(state) {
  const page = await json(`audit?limit=${pageSize}`, { signal: state.signal, quiet: true });
  Object.assign(state, { entries: page.data, hasMore: page.has_more, showsOlder: false });
  return state.entries;
}

function list(entries, state, content) {
  if (entries.length === 0) return [element("p", { class: "muted small" }, "Nothing has been changed yet.")];
  const older = async () => {
    const after = encodeURIComponent(state.entries.at(-1).id);
    const page = await json(`audit?limit=${pageSize}&after=${after}`, { signal: state.signal });
    Object.assign(state, { entries: [...state.entries, ...page.data], hasMore: page.has_more, showsOlder: true });
    fill(content, list(state.entries, state, content));
  };
  const report = (error) => content.append(element("p", { class: "notice error", role: "alert" }, error.message));
  return [
    element("ul", { class: "changes" }, entries.map((entry) => row(entry, entries))),
    state.hasMore && element("div", {}, actionButton("Show older changes", older, { kind: "quiet", report })),
  ];
}

function row(entry, entries) {
  const hasFailed = entry.status >= 400;
  const from = entry.key.startsWith("ftjob-") ? "on" : "from";
  const made = entry.created ? `, ${entry.created.split("/").at(-1)}` : "";
  return element("li", {},
    element("span", {},
      element("strong", {}, who(entry, entries)), ` ${describe(entry, hasFailed)}`,
      hasFailed && element("span", { class: "tag failed" }, `${entry.status >= 500 ? "error" : "refused"}, ${entry.status}`)),
    element("small", { class: "muted" }, `${time(entry.created_at)}, ${from} ${entry.address}${made}`));
}

// If a job has published its model, the entry has the job's id as the key. The job's own entry says who started it.
function who({ key }, entries) {
  const start = entries.find((other) => other.created?.endsWith(`/${key}`));
  return start ? `A job of ${start.key}` : key;
}

function describe({ method, path }, hasFailed) {
  const request = `${method} ${path.replace(/^\//, "")}`;
  const known = sentences.find(([pattern]) => pattern.test(request));
  if (!known) return `${hasFailed ? "tried" : "sent"} ${method} ${readable(path)}`;
  const words = known[1].replace(/^(\w+)\/(\w+)/, hasFailed ? "tried to $1" : "$2");
  return readable(request.replace(known[0], words));
}

// Paths are escaped. One that cannot be decoded is shown as it is.
function readable(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
