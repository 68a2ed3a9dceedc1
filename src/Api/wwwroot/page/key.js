// Asks for the person's API key, and keeps it until the browser tab is closed.

import { element, field, fill } from "./dom.js";

const name = "fovea-key";

export function currentKey() {
  return sessionStorage.getItem(name);
}

/** Keeps a key. An empty text forgets the key. */
export function keepKey(key) {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
  document.dispatchEvent(new CustomEvent("key"));
}

let asking = null;

/** Asks for a key, and shows the reason. Calls at the same time share one dialog. Resolves to true if the person has entered a key. */
export function askForKey(reason) {
  asking ??= showDialog(reason).finally(() => { asking = null; });
  return asking;
}

/**
 * Fills an element with what `make` returns, which may need a key for administrators. Without such a key the element shows a button that
 * asks for it. The caller fills the element again at the event "key".
 */
export async function showPrivate(content, make) {
  try {
    fill(content, await make());
    delete content.dataset.refusal;
  } catch (error) {
    // A message that is shown already stays, so that its button keeps the focus.
    if (error.name === "AbortError" || content.dataset.refusal === error.message) return;
    content.dataset.refusal = error.message;
    const needsKey = error.status === 401 || error.status === 403;
    fill(content,
      element("p", { class: "muted small" }, needsKey ? "You need a key with the scope administer to see this." : error.message),
      needsKey && element("div", {},
        element("button", { type: "button", class: "button", onclick: () => askForKey(error.message) }, "Enter a key")));
  }
}

function showDialog(reason) {
  return new Promise((resolve) => {
    const input = element("input", { type: "password", autocomplete: "off", spellcheck: false });
    const form = element("form", { method: "dialog" },
      element("h2", { id: "key-title" }, "API key"),
      element("p", { class: "muted" }, reason),
      field("Key", input, "The key is kept until you close this tab. Leave the field empty to forget the key."),
      element("div", { class: "row end" },
        element("button", { type: "button", class: "button quiet", onclick: () => dialog.close("") }, "Cancel"),
        element("button", { type: "submit", class: "button primary", value: "use" }, "Use this key")));
    const dialog = element("dialog", { class: "dialog", "aria-labelledby": "key-title" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keepKey(input.value.trim());
      dialog.close("use");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "use" && currentKey() !== null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
