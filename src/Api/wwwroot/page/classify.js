// The visitor's view: takes images, and shows labels with probabilities.

import { element, field, fill, notice, select } from "./dom.js";
import { json, route, send } from "./api.js";
import { codePanel } from "./snippets.js";
import { dropZone, onPaste } from "./images.js";
import { networkPanel } from "./network.js";
import { percent } from "./format.js";
import { heatMapped } from "./heat-map.js";

const most = 24;

export function show({ argument, signal }) {
  const message = notice();
  const answers = element("div", { class: "answers", "aria-live": "polite" });
  const beside = element("aside", { class: "beside", "aria-label": "About the model" });
  const chooser = element("div");
  const state = { model: argument, answers, message, signal };
  const take = (files) => takeImages(files, state);
  onPaste(take, signal);
  startWithModels(state, chooser, beside);
  return element("div", { class: "columns" },
    element("div", { class: "stack" },
      element("h1", {}, "What is in the picture?"),
      chooser,
      dropZone({ title: "Drop images here", hint: "or paste them, choose them, take a photo", take }),
      message.element,
      answers),
    beside);
}

async function startWithModels(state, chooser, beside) {
  try {
    const models = (await json("models", { signal: state.signal })).filter((model) => model.state === "ready");
    if (models.length === 0) {
      state.message.say("No model is ready. Teach one, or upload one under Operate.");
      return;
    }
    state.model = models.some((model) => model.name === state.model) ? state.model : models[0].name;
    const choose = (name) => chooseModel(models.find((model) => model.name === name), state, beside);
    fill(chooser, field("Model", select(models.map((model) => model.name), state.model, choose)));
    choose(state.model);
  } catch (error) {
    if (error.name !== "AbortError") state.message.fail(error);
  }
}

function chooseModel(model, state, beside) {
  state.model = model.name;
  history.replaceState(null, "", `#classify/${encodeURIComponent(model.name)}`);
  const warning = model.trained === false ? "This model is untrained: its weights are random, and its answers mean nothing." : "";
  state.message.say(warning, "warning");
  fill(beside, networkPanel(model), codePanel(model.name));
  for (const card of state.answers.children) card.dispatchEvent(new CustomEvent("model"));
}

function takeImages(files, state) {
  const images = files.slice(0, most);
  if (files.length > most) state.message.say(`You chose ${files.length} images. Only the first ${most} are classified.`);
  for (const { path, file } of images.reverse()) state.answers.prepend(answerCard(path, file, state));
}

function answerCard(path, file, state) {
  const address = URL.createObjectURL(file);
  const image = element("img", { src: address, alt: path, class: "picture" });
  image.addEventListener("error", () => image.replaceWith(element("p", { class: "no-picture" }, "No preview")));
  const frame = element("div", { class: "frame" }, image);
  const result = element("div", { class: "result" });
  const card = element("article", { class: "card answer", "aria-label": path },
    frame,
    element("div", { class: "stack tight" }, element("h2", { class: "file" }, path), result));
  const classify = () => classifyInto(result, frame, file, state);
  card.addEventListener("model", classify);
  classify();
  return card;
}

async function classifyInto(result, frame, file, state) {
  fill(result, element("p", { class: "muted" }, "Classifying …"));
  const model = state.model;
  try {
    if (!model) throw new Error("No model is ready.");
    const response = await send(`classify/${route(model)}?top=5`, { method: "POST", body: file, headers: typeOf(file) });
    const answer = await response.json();
    if (model === state.model) fill(result, showAnswer(answer, heatMapped(model, answer.version, file, frame)));
  } catch (error) {
    fill(result, element("p", { class: "notice error", role: "alert" }, error.message));
  }
}

// The service finds an image's format from its bytes, but refuses a media type that is not an image. So other types become
// application/octet-stream, which it accepts.
function typeOf(file) {
  return { "Content-Type": file.type.startsWith("image/") ? file.type : "application/octet-stream" };
}

function showAnswer(answer, heat) {
  return [
    answer.outlier?.is && element("p", { class: "notice warning" },
      "This image resembles none of the classes. The answer is probably wrong."),
    answer.multiLabel && element("p", { class: "muted" }, "The labels are independent: several of them may be right."),
    element("ol", { class: "bars" }, answer.predictions.map((prediction, place) => bar(prediction, place, heat))),
    heat.hint,
  ];
}

function bar(prediction, place, heat) {
  const filled = element("span", { class: place === 0 ? "bar first" : "bar" });
  filled.style.width = `${Math.max(prediction.probability * 100, 0.4)}%`;
  const row = element("button", { type: "button", class: "bar-row" },
    element("span", { class: "bar-label" }, prediction.label),
    element("span", { class: "bar-value" }, percent(prediction.probability)),
    element("span", { class: "bar-track", "aria-hidden": "true" }, filled));
  heat.attach(row, prediction);
  return element("li", {}, row);
}
