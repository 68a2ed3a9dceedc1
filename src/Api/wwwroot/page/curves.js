// Draws the learning curves of a job while it runs: the loss and the accuracy in training and in validation.

import { element, fill, svg } from "./dom.js";

const width = 320;
const height = 150;
const margin = { left: 36, right: 8, top: 10, bottom: 22 };

/** Makes two charts, for loss and accuracy, which are hidden until the first metrics arrive. */
export function curves() {
  const loss = chart("Loss", [["train_loss", "training"], ["valid_loss", "validation"]]);
  const accuracy = chart("Accuracy", [["train_accuracy", "training"], ["valid_accuracy", "validation"]], 1);
  const holder = element("div", { class: "curves", hidden: true }, loss.element, accuracy.element);
  return {
    element: holder,
    add(data) {
      if (data.step === undefined) return;
      holder.hidden = false;
      loss.add(data);
      accuracy.add(data);
    },
  };
}

function chart(title, series, top) {
  const lines = series.map(([key, name]) => ({ key, name, points: [] }));
  const holder = element("figure", { class: "chart" });
  return {
    element: holder,
    add(data) {
      for (const line of lines) {
        if (data[line.key] !== undefined) line.points.push([data.step, data[line.key]]);
      }
      fill(holder, element("figcaption", {}, title, legend(lines)), draw(title, lines, data.total_steps, top));
    },
  };
}

function legend(lines) {
  return lines.map((line, place) => element("span", { class: `key line-${place}` }, line.name));
}

function draw(title, lines, totalSteps, top) {
  const all = lines.flatMap((line) => line.points);
  const mostX = Math.max(totalSteps ?? 0, ...all.map(([x]) => x), 1);
  const mostY = top ?? niceTop(Math.max(...all.map(([, y]) => y), 1e-6));
  const x = (step) => margin.left + (step / mostX) * (width - margin.left - margin.right);
  const y = (value) => height - margin.bottom - (value / mostY) * (height - margin.top - margin.bottom);
  const latest = lines.filter((line) => line.points.length > 0)
    .map((line) => `${line.name} ${line.points.at(-1)[1].toFixed(3)}`).join(", ");
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title} by step: ${latest}` },
    [0, 0.5, 1].map((share) => gridLine(share * mostY, y)),
    svg("text", { x: width - margin.right, y: height - 6, class: "axis", "text-anchor": "end" }, `${mostX} steps`),
    lines.map((line, place) => line.points.length > 0 && curve(line, place, x, y)));
}

function gridLine(value, y) {
  return [
    svg("line", { x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value), class: "grid" }),
    svg("text", { x: margin.left - 6, y: y(value) + 4, class: "axis", "text-anchor": "end" }, Number(value.toPrecision(2))),
  ];
}

function curve(line, place, x, y) {
  const points = line.points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
  const [lastX, lastY] = points.at(-1).split(",");
  return [
    svg("polyline", { points: points.join(" "), class: `curve line-${place}` }),
    svg("circle", { cx: lastX, cy: lastY, r: 3, class: `dot line-${place}` }),
  ];
}

// Returns the smallest number that is at least the value and is 1, 2 or 5 times a power of ten.
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}
