// Builds elements. Text reaches the document through textContent alone, so labels and file names never become markup.

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an element. `properties` are set as they are; `class`, `data` and names with a dash become attributes. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role" || key === "for" || key === "list" || key === "form") made.setAttribute(key, value);
    else made[key] = value;
  }
  append(made, children);
  return made;
}

/** Makes an element of a picture. All properties become attributes. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  append(made, children);
  return made;
}

/** Replaces the children of an element. Texts become text nodes; null and false are passed over. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
  return parent;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** A button with a text. While `action` runs, the button is disabled; an error is shown by `report`. */
export function actionButton(text, action, { kind = "", report, label } = {}) {
  const button = element("button", { type: "button", class: `button ${kind}`, "aria-label": label }, text);
  button.addEventListener("click", () => runWhileDisabled(button, action, report));
  return button;
}

async function runWhileDisabled(button, action, report) {
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    if (!report) throw error;
    report(error);
  } finally {
    button.disabled = false;
  }
}

/** A box for a message. Screen readers read a new message aloud. */
export function notice() {
  const box = element("p", { class: "notice", hidden: true, role: "status" });
  return {
    element: box,
    say(text, kind = "info") {
      box.className = `notice ${kind}`;
      box.textContent = text;
      box.hidden = !text;
    },
    fail(error) {
      this.say(error.message || String(error), "error");
    },
  };
}

/** A field with its label above it. */
export function field(label, input, hint) {
  const id = input.id || nextId("field");
  input.id = id;
  const note = hint && element("small", { id: `${id}-hint` }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  return element("div", { class: "field" }, element("label", { for: id }, label), input, note);
}

/** A drop-down. `options` are values, or pairs of a value and its text. */
export function select(options, chosen, onChange) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const box = element("select", {}, pairs.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
  if (onChange) box.addEventListener("change", () => onChange(box.value));
  return box;
}

let ids = 0;

/** An id that no other element has. */
export function nextId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** Asks before something is deleted. Resolves to true when the person agrees. */
export function confirmed(question, doing) {
  return new Promise((resolve) => {
    const dialog = element("dialog", { class: "dialog", "aria-label": question },
      element("p", {}, question),
      element("div", { class: "row end" },
        element("button", { type: "button", class: "button quiet", onclick: () => dialog.close("no") }, "Cancel"),
        element("button", { type: "button", class: "button danger", onclick: () => dialog.close("yes") }, doing)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
