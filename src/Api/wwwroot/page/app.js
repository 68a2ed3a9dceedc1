// Shows the view that the page's address names, and whether the person has entered a key.

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

/** Returns the name of the view and its argument, from the part of the address after #, such as #classify/lenet5. */
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
  if (await askForKey("You may need a key to change models, and to see data sets and jobs.")) show();
});
document.addEventListener("key", showKey);
showKey();
show();
