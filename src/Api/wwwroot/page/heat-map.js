// While the pointer or the keyboard focus is on the bar of a class, shows over the image where the model sees this class.

import { element } from "./dom.js";
import { picture, route } from "./api.js";

// The pause in milliseconds before a map is requested, so that a pointer that only passes over a bar requests none.
const pauseBeforeAsking = 150;

// The pause in milliseconds after the service has refused a map because it was busy.
const pauseBeforeAskingAgain = 1000;

// The result of a request that the service refused because it was busy.
const busy = Symbol("busy");

// Whether the service has the route for heat maps; null: not known yet.
let isOffered = null;

/** Manages the heat maps of one classified image. `attach` makes a bar show the map of its class. */
export function heatMapped(model, version, file, frame) {
  const maps = new Map();
  const hint = element("p", { class: "muted small heat-hint", hidden: isOffered === false },
    "Point at a label, or tap it, to see which places speak for it: bright ones do, dark ones do not. The model does not see places "
    + "without colour.");
  frame.querySelector(".heat")?.remove();

  const fetchMap = (prediction) => {
    const { index } = prediction;
    if (!maps.has(index)) maps.set(index, explain(model, version, file, prediction, hint));
    const map = maps.get(index);
    // If the service refuses, the next attempt may succeed, so the result is not kept.
    map.then((address) => typeof address === "string" || maps.delete(index));
    return map;
  };

  return {
    hint,
    attach(row, prediction) {
      let isWanted = false;
      const start = async () => {
        isWanted = true;
        let address = busy;
        for (let pause = pauseBeforeAsking; isWanted && address === busy; pause = pauseBeforeAskingAgain) {
          await new Promise((resolve) => setTimeout(resolve, pause));
          if (isWanted) address = await fetchMap(prediction);
        }
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
  if (isOffered === false) {
    hint.hidden = true;
    return null;
  }
  try {
    const address = await mapOf(model, version, file, prediction.label)
      .catch((problem) => {
        // If two classes have the same label, the service refuses the label, and the class's number is sent instead.
        if (problem.status !== 400) throw problem;
        return mapOf(model, version, file, prediction.index);
      });
    isOffered = true;
    return address;
  } catch (problem) {
    // Without this route, the service has no heat maps for any image, so they are not requested again.
    if (problem.status === 404 && problem.code === "unknown_route") isOffered = false;
    hint.hidden = isOffered === false;
    return problem.status === 429 || problem.status === 503 ? busy : null;
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
