// Shows over an image where the model sees a class, while the pointer or the keyboard is on the class's bar.

import { element } from "./dom.js";
import { picture, route } from "./api.js";

// A pointer that only passes over a bar asks for no map.
const pauseBeforeAsking = 150;

// Whether the service explains answers: null until it was asked.
let isOffered = null;

/** The heat maps of one classified image. `attach` connects a bar with the map of its class. */
export function heatMapped(model, version, file, frame) {
  const maps = new Map();
  const hint = element("p", { class: "muted small", hidden: isOffered !== true }, "Rest on a label to see where it is in the picture.");
  frame.querySelector(".heat")?.remove();

  const fetchMap = (prediction) => {
    const { index } = prediction;
    if (!maps.has(index)) maps.set(index, explain(model, version, file, prediction, hint));
    const map = maps.get(index);
    // A refusal, for example while the service is busy, may be over the next time.
    map.then((address) => address ?? maps.delete(index));
    return map;
  };

  return {
    hint,
    attach(row, prediction) {
      let isWanted = false;
      const start = async () => {
        isWanted = true;
        await new Promise((resolve) => setTimeout(resolve, pauseBeforeAsking));
        if (!isWanted) return;
        const address = await fetchMap(prediction);
        if (isWanted && address) showMap(frame, address, prediction.label);
      };
      const stop = () => {
        isWanted = false;
        frame.querySelector(".heat")?.remove();
      };
      for (const name of ["pointerenter", "focus"]) row.addEventListener(name, start);
      for (const name of ["pointerleave", "blur"]) row.addEventListener(name, stop);
    },
  };
}

async function explain(model, version, file, prediction, hint) {
  if (isOffered === false) return null;
  try {
    const address = await mapOf(model, version, file, prediction.label)
      .catch((problem) => {
        // Two classes may have one label; then the number says which is meant.
        if (problem.status !== 400) throw problem;
        return mapOf(model, version, file, prediction.index);
      });
    isOffered = true;
    hint.hidden = false;
    return address;
  } catch (problem) {
    // A service without this route has no heat maps for any image.
    if (problem.status === 404 && problem.code === "unknown_route") isOffered = false;
    return null;
  }
}

function mapOf(model, version, file, labelOrIndex) {
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  return picture(`explain/${route(model)}?class=${route(labelOrIndex)}&version=${version}`, {
    method: "POST", body: file, headers: { Accept: "image/png", "Content-Type": type }, quiet: true,
  });
}

function showMap(frame, address, label) {
  frame.querySelector(".heat")?.remove();
  frame.append(element("img", { class: "picture heat", src: address, alt: `Where the model sees ${label}` }));
}
