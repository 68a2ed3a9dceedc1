// The list of jobs. Each card shows its job's progress live, even if the service restarts meanwhile.

import { element, fill, notice } from "./dom.js";
import { json, route, serverSentEvents } from "./api.js";
import { count, duration, time } from "./format.js";
import { jobActions } from "./job-actions.js";
import { reportPanel } from "./report.js";
import { curves } from "./curves.js";

const ended = ["succeeded", "failed", "cancelled"];
const words = {
  validating_files: "is about to start", queued: "waits for its turn", running: "is learning", paused: "is paused",
  succeeded: "has succeeded", failed: "has failed", cancelled: "was cancelled",
};
const pauseBeforeRetry = 1500;
const pauseBetweenLooks = 2000;

export function jobList(signal) {
  const list = element("div", { class: "stack" });
  const message = notice();
  const load = () => loadInto(list, message, signal);
  load();
  document.addEventListener("key", load, { signal });
  return {
    element: element("div", { class: "stack" }, message.element, list),
    add(job) {
      message.say("");
      const made = jobCard(job, signal);
      list.prepend(made);
      made.scrollIntoView({ block: "center", behavior: "smooth" });
    },
  };
}

async function loadInto(list, message, signal) {
  try {
    const jobs = (await json("fine_tuning/jobs?limit=20", { quiet: true })).data;
    message.say(jobs.length === 0 ? "No job yet. Open a data set and start one." : "");
    fill(list, jobs.map((job) => jobCard(job, signal)));
  } catch (error) {
    message.fail(error);
  }
}

function jobCard(job, signal) {
  const parts = {
    state: element("span", { class: "tag" }),
    line: element("p", { class: "muted", "aria-live": "polite" }),
    left: element("p", { class: "muted" }),
    progress: element("progress", { max: 1, hidden: true, "aria-label": "Progress" }),
    actions: element("div", { class: "stack tight" }),
    report: element("div"),
    log: element("ol", { class: "log", tabIndex: 0, role: "log", "aria-label": "Messages of the job" }),
    curves: curves(),
  };
  const card = element("article", { class: "card stack tight job", "aria-label": `Job ${job.suffix}` },
    element("div", { class: "row between" },
      element("h3", {}, titleOf(job)), parts.state),
    element("p", { class: "muted small" }, `Data set ${job.dataset_name ?? job.dataset}, ${time(job.created_at)}`),
    element("div", { class: "row between" }, parts.line, parts.left), parts.progress, parts.curves.element, parts.actions, parts.report,
    element("details", {}, element("summary", {}, "Messages"), element("p", { class: "muted id" }, job.id), parts.log));
  let shown = "";
  let latest = job;
  let calls = 0;
  const refresh = async (changed) => {
    const call = calls += 1;
    latest = changed;
    showState(changed, parts);
    const result = changed.status === "succeeded" ? await resultOf(changed, signal) : null;

    // A later call has begun meanwhile, and its answer is newer.
    if (call !== calls) return;
    if (result) parts.line.textContent = result.text;

    // The buttons are made again only if they change, so that the focused button keeps the focus.
    const state = `${changed.status} ${result?.state}`;
    if (state === shown) return;
    shown = state;
    fill(parts.actions, jobActions(changed, result?.state, { refresh, follow: () => follow(changed, parts, refresh, signal) }));
    if (result && parts.report.childElementCount === 0) fill(parts.report, reportPanel(changed));
  };
  refresh(job);
  document.addEventListener("models", () => refresh(latest), { signal });
  follow(job, parts, refresh, signal);
  return card;
}

// Names the model that the job makes. A job that starts from an earlier result makes its next version.
function titleOf({ model, suffix, fine_tuned_model: made }) {
  return made ?? (model.endsWith(`-${suffix}`) ? model : `${model}-${suffix}`);
}

function showState(job, parts) {
  parts.state.textContent = words[job.status] ?? job.status;
  parts.state.className = `tag ${job.status}`;
  const isRunning = job.status === "running";
  if (!isRunning) parts.progress.hidden = true;
  if (job.error) parts.line.textContent = job.error.message;
  parts.left.textContent = isRunning && job.estimated_finish ? `${left(job.estimated_finish)} left` : "";
}

// Says what has become of the version that a job made: it serves, another version serves, or it is deleted. The job itself does not know,
// because people publish and delete versions later.
async function resultOf({ fine_tuned_model: name, fine_tuned_version: version }, signal) {
  const result = `Version ${version} of ${name}, the result,`;
  try {
    const { versions, defaultVersion } = await json(`models/${route(name)}`, { signal, quiet: true });
    if (!versions.includes(version)) return { state: "deleted", text: `${result} is deleted.` };
    if (defaultVersion === version) return { state: "serves", text: `${result} serves now.` };
    const other = versions.includes(defaultVersion) ? `; version ${defaultVersion} does` : "";
    return { state: "waits", text: `${result} does not serve now${other}.` };
  } catch (error) {
    return error.status === 404 ? { state: "deleted", text: `${result} is deleted.` } : { state: "unknown", text: `${result} is made.` };
  }
}

function left(finish) {
  return `about ${duration(finish - Date.now() / 1000)}`;
}

// Shows the events of a job until the job ends. The stream of events ends with the job. If the stream breaks before, the service is
// restarting, and a new stream continues after the last event.
async function follow(job, parts, refresh, signal) {
  const look = () => json(`fine_tuning/jobs/${route(job.id)}`, { signal, quiet: true });
  let last = parts.log.lastElementChild?.dataset.id ?? "";
  let lastLook = 0;
  while (!signal.aborted) {
    try {
      for await (const { id, data } of serverSentEvents(`fine_tuning/jobs/${route(job.id)}/events`, last, signal)) {
        last = id;
        showEvent(id, JSON.parse(data), parts);
        if (Date.now() - lastLook < pauseBetweenLooks || ended.includes(job.status)) continue;
        lastLook = Date.now();
        refresh(await look());
      }
      const now = await look();
      refresh(now);
      if (ended.includes(now.status)) return;
    } catch (error) {
      if (signal.aborted || (error.status >= 400 && error.status < 500)) return;
      parts.line.textContent = "The service does not answer. Trying again …";
    }
    await new Promise((resolve) => setTimeout(resolve, pauseBeforeRetry));
  }
}

function showEvent(id, event, parts) {
  const item = element("li", { class: event.level }, event.message);
  item.dataset.id = id;
  parts.log.append(item);
  parts.log.scrollTop = parts.log.scrollHeight;
  parts.line.textContent = event.message;
  if (event.data) showMetrics(event.data, parts);
}

function showMetrics(data, parts) {
  const [done, all] = data.total_images ? [data.images, data.total_images] : [data.step, data.total_steps];
  if (all) {
    parts.progress.hidden = false;
    parts.progress.value = done / all;
    const speed = data.images_per_second ? `, ${count(Math.round(data.images_per_second), "picture")} per second` : "";
    parts.line.textContent = data.total_images
      ? `Looking at the pictures: ${Math.round((data.images / data.total_images) * 100)} %${speed}`
      : `Step ${data.step} of ${data.total_steps}${speed}`;
  }
  parts.curves.add(data);
}
