// Shows a model to the operator: its state, its versions and its figures, with buttons to load, publish, roll back and delete.

import { actionButton, confirmed, element, fill, notice } from "./dom.js";
import { count, shape } from "./format.js";
import { json, post, route } from "./api.js";
import { findingsPanel } from "./upload.js";

const states = { ready: "ready", loading: "loading", failed: "failed", unpublished: "not published", unloaded: "unloaded" };

export function modelCard(name, refresh) {
  const message = notice();
  const parts = {
    state: element("span", { class: "tag" }),
    about: element("p", { class: "muted" }),
    reason: element("p", { class: "notice error", hidden: true }),
    figures: element("dl", { class: "facts wide" }),
    versions: element("div", { class: "versions" }),
    actions: element("div", { class: "row" }),
  };
  const findings = element("details", {}, element("summary", {}, "What adoption found"));
  findings.addEventListener("toggle", () => loadFindings(name, findings, message));
  const card = element("article", { class: "card stack tight", "aria-label": name },
    element("div", { class: "row between" }, element("h2", {}, name), parts.state),
    parts.about, parts.reason, parts.figures, parts.versions, parts.actions, message.element, findings);
  const context = { name, parts, refresh, report: (error) => message.fail(error) };
  let shown = "";
  return {
    element: card,
    update(model, loaded, metrics) {
      fill(parts.figures, figures(loaded, metrics));
      const now = JSON.stringify(model);
      if (now !== shown) showModel(model, context);
      shown = now;
    },
  };
}

function showModel(model, { name, parts, refresh, report }) {
  parts.state.textContent = states[model.state] ?? model.state;
  parts.state.className = `tag ${model.state}`;
  const trained = model.trained === false ? ", untrained" : "";
  const about = () => [model.architecture, `input ${shape(model.input)}`, count(model.classes, "class", "classes")].filter(Boolean);
  parts.about.textContent = model.input ? about().join(", ") + trained : "Not loaded";
  parts.reason.hidden = !model.reason;
  parts.reason.textContent = model.reason ?? "";
  fill(parts.versions, model.versions.map((number) => versionRow(model, number, refresh, report)));
  const change = (verb) => async () => {
    await post(`models/${route(name)}/${verb}`);
    await refresh();
  };
  const button = (text, verb) => actionButton(text, change(verb), { report, label: `${text} ${name}` });
  const link = element("a", { class: "button", href: `#classify/${route(name)}`, "aria-label": `Try it: ${name}` }, "Try it");
  fill(parts.actions,
    model.state === "ready" && link,
    model.state === "ready" ? button("Unload", "unload") : button("Load", "load"),
    model.state === "ready" && button("Reload", "load"),
    model.versions.length > 1 && button("Roll back", "rollback"));
}

function versionRow(model, number, refresh, report) {
  const path = `models/${route(model.name)}/versions/${number}`;
  const serves = number === model.defaultVersion;
  const remove = async () => {
    const last = model.versions.length === 1 ? " It is the only version, so the model is deleted too." : "";
    if (!await confirmed(`Delete version ${number} of ${model.name}?${last}`, "Delete the version")) return;
    await json(path, { method: "DELETE" });
    await refresh();
  };
  const publish = async () => {
    await post(`${path}/publish`);
    await refresh();
  };
  const of = `version ${number} of ${model.name}`;
  return element("div", { class: "version row between" },
    element("span", {}, `Version ${number}`, serves && element("span", { class: "tag ready" }, "serves")),
    element("span", { class: "row" },
      !serves && actionButton("Publish", publish, { report, label: `Publish ${of}`, kind: "quiet" }),
      actionButton("Delete", remove, { report, label: `Delete ${of}`, kind: "danger quiet" })));
}

function figures(loaded, metrics) {
  const serving = loaded.find((version) => version.serves);
  const best = serving?.batchSizes.reduce((most, size) => Math.max(most, size.imagesPerSecond), 0);
  const queue = metrics?.queueCount ? `${(metrics.queueSum / metrics.queueCount * 1000).toFixed(1)} ms` : "–";
  const rows = [
    ["Device", serving?.provider ?? "–"],
    ["Form", serving?.form ?? (serving?.batchSizes.some((size) => size.rewritten) ? "float32, rewritten" : serving ? "float32" : "–")],
    ["Speed", best ? `${speedText(best)} images/s` : serving ? "being measured" : "–"],
    ["Answered", metrics ? metrics.answered.toLocaleString("en") : "–"],
    ["Refused", metrics ? metrics.refused.toLocaleString("en") : "–"],
    ["In flight", loaded.reduce((sum, version) => sum + version.requests, 0)],
    ["Wait in the queue", queue],
  ];
  return rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
}

function speedText(speed) {
  return speed < 10 ? speed.toFixed(1) : Math.round(speed).toLocaleString("en");
}

async function loadFindings(name, findings, message) {
  if (!findings.open || findings.childElementCount > 1) return;
  try {
    const model = await json(`models/${route(name)}`, { quiet: true });
    findings.append(model.findings
      ? findingsPanel(model.findings)
      : element("p", { class: "muted" }, "Fovea made this file, so it did not need adoption."));
  } catch (error) {
    message.fail(error);
  }
}
