// The operator's view: the models, the machine that runs them, the number of requests, the disk, and who changed what.

import { auditPanel } from "./audit.js";
import { element, fill, notice } from "./dom.js";
import { bytes, count } from "./format.js";
import { json } from "./api.js";
import { modelCard } from "./model-card.js";
import { readMetrics } from "./metrics.js";
import { storagePanel } from "./storage.js";
import { uploadPanel } from "./upload.js";

const interval = 5000;

export function show({ signal }) {
  const message = notice();
  const models = element("div", { class: "stack" });
  const machine = element("div");
  const cards = new Map();
  const state = { message, models, machine, cards, signal };
  const audit = auditPanel(signal);
  const refresh = () => refreshView(state);
  state.refresh = async () => {
    await refresh();
    audit.refresh();
  };
  refresh();
  const timer = setInterval(() => { if (!document.hidden) refresh(); }, interval);
  signal.addEventListener("abort", () => clearInterval(timer));
  return element("div", { class: "columns" },
    element("div", { class: "stack" }, element("h1", {}, "Models"), message.element, models),
    element("aside", { class: "beside", "aria-label": "Upload, machine, disk and changes" },
      uploadPanel(state.refresh), machine, storagePanel(signal), audit.element));
}

async function refreshView(state) {
  const { message, signal } = state;
  try {
    const [models, diagnosis, metrics] = await Promise.all([
      json("models", { signal }), json("diagnostics", { signal }), readMetrics(signal)]);
    message.say(models.length === 0 ? "The repository is empty. Upload a model, or teach one." : "");
    showModels(models, diagnosis, metrics, state);
    fill(state.machine, machinePanel(diagnosis));
  } catch (error) {
    if (error.name !== "AbortError") message.fail(error);
  }
}

// Updates the cards without making them again, so that an open card stays open and a focused button keeps the focus.
function showModels(models, diagnosis, metrics, state) {
  const names = new Set(models.map((model) => model.name));
  for (const [name, card] of state.cards) {
    if (!names.has(name)) {
      card.element.remove();
      state.cards.delete(name);
    }
  }
  for (const model of models) {
    if (!state.cards.has(model.name)) {
      const card = modelCard(model.name, state.refresh);
      state.cards.set(model.name, card);
      state.models.append(card.element);
    }
    state.cards.get(model.name).update(model, diagnosis.models.filter((loaded) => loaded.name === model.name), metrics.get(model.name));
  }
}

function machinePanel({ versions, device, threads, memory, unclear }) {
  return element("section", { class: "card stack tight" },
    element("h2", {}, "The machine"),
    device.fellBack && element("p", { class: "notice warning" }, device.reason),
    element("dl", { class: "facts" },
      fact("Device", device.provider),
      fact("Processors", threads.processors),
      fact("Memory in use", `${bytes(memory.resident)} of ${bytes(memory.available)}`),
      fact("Fovea", versions.fovea),
      fact("ONNX Runtime", versions.onnxRuntime)),
    element("p", { class: "muted small" }, device.reason),
    unclear?.length > 0 && element("details", {},
      element("summary", {}, `${count(unclear.length, "file")} not served`),
      element("ul", { class: "plain" }, unclear.map((text) => element("li", {}, text)))));
}

/** Makes a row with a name and its value. */
export function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
