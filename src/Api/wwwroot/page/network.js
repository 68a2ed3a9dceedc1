// Shows a picture of the model's network beside the answers.

import { element, fill } from "./dom.js";
import { picture, route } from "./api.js";
import { shape } from "./format.js";

export function networkPanel(model) {
  const holder = element("div", { class: "network" }, element("p", { class: "muted" }, "Drawing …"));
  draw(model, holder);
  return element("section", { class: "card stack tight" },
    element("h2", {}, "The network"),
    element("dl", { class: "facts" },
      model.architecture && fact("Architecture", model.architecture),
      fact("Input", shape(model.input)),
      fact("Classes", model.classes?.toLocaleString("en") ?? "?"),
      fact("Version", model.defaultVersion ?? "?")),
    holder);
}

function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

async function draw(model, holder) {
  const summary = `models/${route(model.name)}/summary`;
  try {
    const address = await picture(summary, { headers: { Accept: "image/svg+xml" }, quiet: true });
    const image = element("img", { src: address, alt: `The layers of ${model.name}, from the input at the top to the classes` });
    const whole = { href: address, target: "_blank", rel: "noopener" };
    fill(holder,
      element("a", { ...whole, class: "network-picture" }, image),
      element("p", { class: "small" }, element("a", whole, "Open the whole picture")));
  } catch (error) {
    fill(holder, element("p", { class: "muted" }, error.message));
  }
}
