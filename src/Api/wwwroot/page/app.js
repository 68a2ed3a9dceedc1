// Shows the view that the address names, and the person's key.

import { askForKey, currentKey } from "./key.js";
import { fill } from "./dom.js";

const views = {
  classify: { title: "Classify", load: () => import("./classify.js") },
  teach: { title: "Teach", load: () => import("./teach.js") },
  operate: { title: "Operate", load: () => import("./operate.js") },
  architectures: { title: "Architectures", load: () => import("./architectures.js") },
};

const main = document.getElementById("main");
let current = null;

/** The view and its argument, from the part of the address after #: #classify/lenet5. */
function place() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  return { name: Object.hasOwn(views, name) ? name : "classify", argument: rest.map(decodeURIComponent).join("/") };
}

async function show() {
  const { name, argument } = place();
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  const view = await views[name].load();
  if (signal.aborted) return;
  document.title = `${views[name].title} · Fovea`;
  markCurrent(name);
  fill(main, view.show({ argument, signal }));
}

function markCurrent(name) {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function showKey() {
  document.getElementById("key").textContent = currentKey() ? "Key ✓" : "Key";
}

window.addEventListener("hashchange", async () => {
  if (location.hash === "#main") {
    main.focus();
    return;
  }
  await show();
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
document.getElementById("key").addEventListener("click", async () => {
  if (await askForKey("Routes that change something, and those that show data sets and jobs, may need a key.")) show();
});
document.addEventListener("key", showKey);
showKey();
show();
