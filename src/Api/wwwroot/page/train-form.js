// The form that starts a job on a data set.

import { actionButton, element, field, nextId, notice, select } from "./dom.js";
import { json, post } from "./api.js";
import { short } from "./format.js";

const methods = [
  ["auto", "Let Fovea choose", "Trains a new last layer, and more layers if that is worth the time."],
  ["head", "Quick", "Trains a new last layer only. Takes seconds to minutes, and suits everyday pictures."],
  ["full", "Thorough", "Trains all layers. Takes longer, and suits pictures that are not everyday photos, such as scans or drawings."],
];

// The choices for the number of passes over the images, which matters only if more than the last layer is trained.
const budgets = [["auto", "The usual time"], ["5", "Short: 5 passes over the images"], ["40", "Long: 40 passes over the images"]];

export function trainForm(set, onJob) {
  const message = notice();
  const base = select([["", "The built-in network"]], "");
  const method = methodChoice();
  const budget = select(budgets, "auto");
  const suffix = element("input", { type: "text", autocomplete: "off", placeholder: suggestedName(set), maxLength: 64, spellcheck: false });
  const publish = element("input", { type: "checkbox", checked: true, id: nextId("publish") });
  offerBases(base);
  const start = async () => {
    const job = await post("fine_tuning/jobs", {
      dataset: set.id,
      model: base.value || undefined,
      method: method.value(),
      suffix: suffix.value.trim() || suggestedName(set) || undefined,
      publish: publish.checked ? "auto" : "manual",
      hyperparameters: budget.value === "auto" ? undefined : { n_epochs: Number(budget.value) },
    });
    message.say("The job is below, under Jobs.", "good");
    onJob(job);
  };
  return element("div", { class: "panel stack" },
    element("h3", {}, "Teach a model"),
    element("div", { class: "fields" },
      field("Start from", base, "A network that was already trained on many pictures."),
      field("Name of the new model", suffix, "This becomes the end of the model's name."),
      field("How long", budget, "Has an effect only if more than the last layer is trained.")),
    method.element,
    element("div", { class: "row nowrap" }, publish,
      element("label", { for: publish.id }, "Publish the model at once, unless it is worse than the version that serves now")),
    element("div", { class: "row" }, actionButton("Start teaching", start, { kind: "primary", report: (error) => message.fail(error) })),
    message.element);
}

// Makes a name for the model from the first three labels. Names of models have letters, digits, dots, dashes and underscores.
function suggestedName(set) {
  return set.classes.slice(0, 3).map((one) => one.label).join("-").toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-").replace(/\.{2,}/g, ".").replace(/^[-.]+|[-.]+$/g, "").slice(0, 40);
}

function methodChoice() {
  const name = nextId("method");
  const inputs = methods.map(([value]) =>
    element("input", { type: "radio", name, value, id: `${name}-${value}`, checked: value === "auto" }));
  return {
    value: () => inputs.find((input) => input.checked).value,
    element: element("fieldset", { class: "choices" },
      element("legend", {}, "How"),
      methods.map(([value, title, text], place) => element("div", { class: "choice" }, inputs[place],
        element("label", { for: `${name}-${value}` }, element("strong", {}, title), element("span", { class: "muted" }, text))))),
  };
}

async function offerBases(base) {
  const [bases, models] = await Promise.all([json("pretrained", { quiet: true }), json("models", { quiet: true })]).catch(() => [[], []]);
  const others = bases.filter((one) => one.state !== "built-in").map((one) =>
    [one.name, `${one.name}: ${short(one.parameters)} parameters${one.state === "to download" ? ", downloaded first" : ""}`]);
  const own = models.filter((model) => model.state === "ready" && model.trained).map((model) => [model.name, `the model ${model.name}`]);
  for (const [value, text] of [...others, ...own]) base.append(element("option", { value }, text));
}
