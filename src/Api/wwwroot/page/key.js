// The person's API key. The browser forgets it with its session.

import { element, field } from "./dom.js";

const name = "fovea-key";

export function currentKey() {
  return sessionStorage.getItem(name);
}

/** Keeps a key, or forgets it if the text is empty. */
export function keepKey(key) {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
  document.dispatchEvent(new CustomEvent("key"));
}

let asking = null;

/** Asks for a key, and gives the reason. Several calls at once share one dialog. Resolves to true when a key was entered. */
export function askForKey(reason) {
  asking ??= showDialog(reason).finally(() => { asking = null; });
  return asking;
}

function showDialog(reason) {
  return new Promise((resolve) => {
    const input = element("input", { type: "password", autocomplete: "off", spellcheck: false });
    const form = element("form", { method: "dialog" },
      element("h2", { id: "key-title" }, "API key"),
      element("p", { class: "muted" }, reason),
      field("Key", input, "Kept in this tab until it is closed. Leave it empty to forget the key."),
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
