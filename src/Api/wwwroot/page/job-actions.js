// The buttons of a job: to pause, resume or cancel it, to read its report, and to publish, roll back or delete its model.

import { actionButton, confirmed, element, notice } from "./dom.js";
import { json, post, route, send } from "./api.js";
import { currentKey } from "./key.js";

/** Makes the buttons. `result` says what has become of the version that the job made: serves, waits, deleted or unknown. */
export function jobActions(job, result, { refresh, follow }) {
  const message = notice();
  const report = (error) => message.fail(error);
  const button = (text, action, kind) => actionButton(text, action, { kind, report });
  const change = async (verb) => refresh(await post(`fine_tuning/jobs/${route(job.id)}/${verb}`));
  const isOpen = ["validating_files", "queued", "running"].includes(job.status);
  return [
    element("div", { class: "row" },
      isOpen && button("Pause", () => change("pause")),
      job.status === "paused" && button("Resume", async () => { await change("resume"); follow(); }, "primary"),
      (isOpen || job.status === "paused") && button("Cancel the job", () => change("cancel"), "quiet"),
      job.status === "succeeded" && resultActions(job, result, button)),
    message.element,
  ];
}

function resultActions(job, result, button) {
  const model = `models/${route(job.fine_tuned_model)}`;
  const version = `${model}/versions/${route(job.fine_tuned_version)}`;
  // The cards of other jobs may show versions of the same model.
  const changed = () => document.dispatchEvent(new CustomEvent("models"));
  const remove = async () => {
    if (!await confirmed(`Delete version ${job.fine_tuned_version} of ${job.fine_tuned_model}?`, "Delete the version")) return;
    await json(version, { method: "DELETE" });
    changed();
  };
  return [
    result === "serves" && element("a", { class: "button primary", href: `#classify/${route(job.fine_tuned_model)}` }, "Try it"),
    result === "waits" && button("Publish", async () => { await post(`${version}/publish`); changed(); }, "primary"),
    reportLink(job, button),
    result === "serves" && button("Roll back", async () => { await post(`${model}/rollback`); changed(); }, "quiet"),
    result !== "deleted" && button("Delete this version", remove, "danger quiet"),
  ];
}

// Makes the link to the report. A link cannot send a key, so if there is a key, a button saves the report as a file instead.
function reportLink(job, button) {
  const address = `fine_tuning/jobs/${route(job.id)}/report`;
  if (!currentKey()) return element("a", { class: "button", href: address, target: "_blank", rel: "noopener" }, "Open the whole report");
  return button("Save the whole report", async () => {
    const response = await send(address, { headers: { Accept: "text/html" } });
    const link = element("a", { href: URL.createObjectURL(await response.blob()), download: `${job.id}.html` });
    link.click();
  });
}
