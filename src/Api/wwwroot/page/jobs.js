// The list of jobs. Each card shows its job's progress live, even if the service restarts meanwhile.

import { element, fill, notice } from "./dom.js";
import { json, route, serverSentEvents } from "./api.js";
import { count, duration, time } from "./format.js";
import { jobActions } from "./job-actions.js";
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
    log: element("ol", { class: "log", tabIndex: 0, role: "log", "aria-label": "Messages of the job" }),
    curves: curves(),
  };
  const card = element("article", { class: "card stack tight job", "aria-label": `Job ${job.suffix}` },
    element("div", { class: "row between" },
      element("h3", {}, `${job.model}-${job.suffix}`), parts.state),
    element("p", { class: "muted id" }, `${job.id}, created ${time(job.created_at)}`),
    element("div", { class: "row between" }, parts.line, parts.left), parts.progress, parts.curves.element, parts.actions,
    element("details", {}, element("summary", {}, "Messages"), parts.log));
  let shown = "";
  const refresh = (changed) => {
    showState(changed, parts);

    // The buttons are made again only if they change, so that the focused button keeps the focus.
    const state = `${changed.status} ${changed.published}`;
    if (state === shown) return;
    shown = state;
    fill(parts.actions, jobActions(changed, { refresh, follow: () => follow(changed, parts, refresh, signal) }));
  };
  refresh(job);
  follow(job, parts, refresh, signal);
  return card;
}

function showState(job, parts) {
  parts.state.textContent = words[job.status] ?? job.status;
  parts.state.className = `tag ${job.status}`;
  const isRunning = job.status === "running";
  if (!isRunning) parts.progress.hidden = true;
  if (job.error) parts.line.textContent = job.error.message;
  else if (job.status === "succeeded") parts.line.textContent = resultOf(job);
  parts.left.textContent = isRunning && job.estimated_finish ? `${left(job.estimated_finish)} left` : "";
}

function resultOf(job) {
  const serves = job.published ? "and serves" : "and does not serve yet";
  return `The result is version ${job.fine_tuned_version} of ${job.fine_tuned_model}, ${serves}.`;
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
    const speed = data.images_per_second ? `, ${count(Math.round(data.images_per_second), "image")} per second` : "";
    parts.line.textContent = data.total_images
      ? `Looking at the pictures: ${data.images} of ${data.total_images}${speed}`
      : `Step ${data.step} of ${data.total_steps}${speed}`;
  }
  parts.curves.add(data);
}
