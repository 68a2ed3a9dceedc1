// Shows the networks of the catalog as pictures, and the blocks and layers of one network.

import { element, fill, notice } from "./dom.js";
import { json, route } from "./api.js";
import { shape, short } from "./format.js";
import { layersPanel } from "./layers.js";
import { silhouette } from "./silhouette.js";

export function show({ argument, signal }) {
  return argument ? showOne(argument, signal) : showAll(signal);
}

function showAll(signal) {
  const message = notice();
  const grid = element("div", { class: "grid-cards" });
  loadAll(grid, message, signal);
  return element("div", { class: "stack wide" },
    element("h1", {}, "Architectures"),
    element("p", { class: "lead" },
      "The networks that Fovea can build. Each bar is a layer: its height shows the size of the layer's output, and its width the number "
      + "of channels."),
    message.element, grid);
}

async function loadAll(grid, message, signal) {
  try {
    const list = await json("architectures", { signal });
    const drawWhenSeen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        drawWhenSeen.unobserve(target);
        target.dispatchEvent(new CustomEvent("seen"));
      }
    }, { rootMargin: "200px" });
    signal.addEventListener("abort", () => drawWhenSeen.disconnect());
    for (const architecture of list) {
      const card = architectureCard(architecture, signal);
      grid.append(card);
      drawWhenSeen.observe(card);
    }
  } catch (error) {
    if (error.name !== "AbortError") message.fail(error);
  }
}

function architectureCard(architecture, signal) {
  const holder = element("div", { class: "silhouette" });
  const card = element("a", { class: "card architecture", href: `#architectures/${route(architecture.name)}` },
    holder,
    element("strong", {}, architecture.name),
    element("span", { class: "muted" }, `${short(architecture.parameters)} parameters`),
    element("span", { class: "muted" }, `${short(architecture.multiplyAdds)} multiply-adds`),
    element("span", { class: "muted small" }, architecture.source));
  card.addEventListener("seen", async () => {
    try {
      fill(holder, silhouette(await json(`architectures/${route(architecture.name)}/summary?expand=true`, { signal })));
    } catch {
      // The card stays without its picture.
    }
  });
  return card;
}

function showOne(name, signal) {
  const message = notice();
  const layers = element("div");
  const classes = element("input", { type: "number", min: 2, max: 100000 });
  const size = element("input", { type: "text", spellcheck: false, autocomplete: "off" });
  const auxiliary = element("input", { type: "checkbox", id: "auxiliary" });
  const auxiliaryRow = element("div", { class: "row check", hidden: true }, auxiliary,
    element("label", { for: "auxiliary" }, "With auxiliary heads"));
  const about = element("p", { class: "muted" });
  const state = { name, message, layers, classes, size, auxiliary, signal };
  for (const input of [classes, size, auxiliary]) input.addEventListener("change", () => loadLayers(state));
  describe(state, about, auxiliaryRow);
  return element("div", { class: "stack wide" },
    element("p", {}, element("a", { href: "#architectures" }, "← All architectures")),
    element("h1", {}, name), about,
    element("form", { class: "card fields", onsubmit: (event) => event.preventDefault() },
      labelled("Classes", classes), labelled("Input: channels x height x width", size), auxiliaryRow),
    message.element, layers);
}

function labelled(text, input) {
  input.id = input.id || `option-${text.split(/\W/)[0].toLowerCase()}`;
  return element("div", { class: "field" }, element("label", { for: input.id }, text), input);
}

async function describe(state, about, auxiliaryRow) {
  try {
    const found = await json(`architectures/${route(state.name)}`, { signal: state.signal });
    about.textContent = `${found.source}. In the paper: input ${shape(found.input)}, ${found.classes.toLocaleString("en")} classes.`;
    state.classes.value = found.classes;
    state.size.value = found.input.join("x");
    auxiliaryRow.hidden = !found.hasAuxiliary;
    await loadLayers(state);
  } catch (error) {
    if (error.name !== "AbortError") state.message.fail(error);
  }
}

async function loadLayers({ name, message, layers, classes, size, auxiliary, signal }) {
  const query = new URLSearchParams({ classes: classes.value, input: size.value });
  if (auxiliary.checked) query.set("auxiliary", "true");
  const path = `architectures/${route(name)}/summary?${query}`;
  try {
    const [blocks, inner] = await Promise.all([json(path, { signal }), json(`${path}&expand=true`, { signal })]);
    message.say("");
    fill(layers, layersPanel(blocks, inner, path));
  } catch (error) {
    if (error.name !== "AbortError") message.fail(error);
  }
}
