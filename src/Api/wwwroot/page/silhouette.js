// Draws a small picture of a network, with a bar for each layer.

import { kindOf } from "./layers.js";
import { svg } from "./dom.js";

const height = 96;
const gap = 2;

// The width of a picture above which it is squeezed into the space that it gets.
const most = 260;

/** Draws the summary of a network. A bar's height grows with the height of the layer's output, its width with the number of channels. */
export function silhouette(summary) {
  const layers = summary.layers.filter((layer) => layer.outputShape);
  const largest = Math.max(...layers.map(sideOf));
  let x = 0;
  const bars = layers.map((layer) => {
    const width = 2 + Math.log2(Math.max(layer.outputShape[0] ?? 1, 1)) * 0.9;
    const tall = Math.max(4, height * Math.sqrt(sideOf(layer) / largest));
    const bar = svg("rect", { x, y: (height - tall) / 2, width, height: tall, rx: 1.5, class: `kind-${kindOf(layer)}` });
    x += width + gap;
    return bar;
  });
  const preserveAspectRatio = x > most ? "none" : "xMidYMid meet";
  return svg("svg", { viewBox: `0 0 ${x} ${height}`, preserveAspectRatio, "aria-hidden": "true" }, bars);
}

function sideOf(layer) {
  return layer.outputShape.length > 1 ? layer.outputShape[1] ?? 1 : 1;
}
