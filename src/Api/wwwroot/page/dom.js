// Makes elements of the page. All text becomes text nodes, so labels and file names never become markup.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Makes an element. A property that begins with `on` becomes an event listener; `class`, `role`, `for`, `list`, `form` and names with a
 * dash become attributes; others become properties. Values that are undefined, null or false are left out.
 */
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

/** Makes an SVG element. All properties become attributes. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  append(made, children);
  return made;
}

/** Replaces the children of an element. Texts become text nodes; null and false are left out. */
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

/** Makes a button with a text. While `action` runs, the button is disabled. If `action` throws, `report` gets the error. */
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

/** Makes a box for messages. Screen readers read a new message aloud. */
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
      this.say(error.message || String(error), error.status === 401 ? "info" : "error");
    },
  };
}

/** Makes a field with its label above the input, and a hint below it. */
export function field(label, input, hint) {
  const id = input.id || nextId("field");
  input.id = id;
  const note = hint && element("small", { id: `${id}-hint` }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  return element("div", { class: "field" }, element("label", { for: id }, label), input, note);
}

/** Makes a drop-down list. `options` are values, or pairs of a value and its text. */
export function select(options, chosen, onChange) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const box = element("select", {}, pairs.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
  if (onChange) box.addEventListener("change", () => onChange(box.value));
  return box;
}

let ids = 0;

/** Returns an id that no other element has. */
export function nextId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** Asks the person before something is deleted. Resolves to true if the person agrees. `doing` is the text of that button. */
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
