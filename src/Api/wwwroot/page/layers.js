// Shows the layers of a network from top to bottom. An opened block shows its layers.

import { actionButton, element } from "./dom.js";
import { picture } from "./api.js";
import { shape, short } from "./format.js";

const kinds = [
  ["input", /^Input/], ["convolution", /Conv/], ["pooling", /Pool/], ["normalisation", /Normalization|LocalResponse|LRN/i],
  ["dense", /^Dense|Gemm/], ["activation", /ReLU|Activation|Softmax|Sigmoid/i], ["join", /^Add|^Concat/],
  ["form", /Flatten|Reshape|Dropout/],
];

/** Returns the kind of a layer, which decides its colour; "block" for a type that is not a layer's. */
export function kindOf(layer) {
  return kinds.find(([, pattern]) => pattern.test(layer.type))?.[0] ?? "block";
}

/** Makes the list of layers and blocks. `expanded` is the same summary with the layers in the blocks; `path` is its address. */
export function layersPanel(summary, expanded, path) {
  const most = Math.max(1, ...summary.layers.map((layer) => layer.parameters));
  const names = new Set(summary.layers.map((layer) => layer.name));
  const innerOf = (layer) => expanded.layers.filter((inner) => inner.name.startsWith(`${layer.name}/`) && !names.has(inner.name));
  return element("div", { class: "stack" },
    element("dl", { class: "facts wide" },
      fact("Layers and blocks", summary.layers.length),
      fact("Parameters", summary.totalParameters.toLocaleString("en")),
      fact("Multiply-adds", short(summary.multiplyAdds))),
    element("div", {}, pictureLink(path)),
    element("ol", { class: "layers" }, summary.layers.map((layer) => element("li", {}, row(layer, innerOf(layer), most)))));
}

function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function row(layer, inner, most) {
  if (inner.length === 0) return element("div", { class: `layer kind-${kindOf(layer)}` }, line(layer, most));
  return element("details", { class: "layer-block" },
    element("summary", { class: "layer kind-block" }, line(layer, most)),
    element("ol", { class: "layers inner" }, inner.map((one) =>
      element("li", {}, element("div", { class: `layer kind-${kindOf(one)}` },
        line({ ...one, name: one.name.slice(layer.name.length + 1) }, most))))));
}

function line(layer, most) {
  const share = element("span", { class: "share", "aria-hidden": "true" });
  share.style.width = `${(layer.parameters / most) * 100}%`;
  return [
    element("span", { class: "layer-name" }, layer.name),
    element("span", { class: "layer-type" }, layer.type + kernelOf(layer)),
    element("span", { class: "layer-shape" }, shape(layer.outputShape)),
    element("span", { class: "layer-parameters" }, layer.parameters ? `${short(layer.parameters)} parameters` : "no parameters"),
    share,
  ];
}

// Returns the kernel and the stride as text, such as 3×3 / 2.
function kernelOf({ kernel, strides }) {
  if (!kernel) return "";
  const stride = Math.max(...(strides ?? [1]));
  return ` ${kernel.join("×")}${stride > 1 ? `\u00a0/\u00a0${stride}` : ""}`;
}

// Makes the button that opens the picture of the network in a new tab, because the picture may be large.
function pictureLink(path) {
  return actionButton("Open as one picture", async () => {
    open(await picture(`${path}&expand=true`, { headers: { Accept: "image/svg+xml" } }), "_blank", "noopener");
  });
}
