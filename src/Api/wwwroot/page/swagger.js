// Additions to Swagger UI: fields for names and ids suggest the existing ones, and an answer with a picture of a network shows the picture.

const routes = {
  model: ["../models", (answer) => answer.map((model) => model.name)],
  dataset: ["../datasets?limit=20", (answer) => answer.data.map((set) => set.id)],
  job: ["../fine_tuning/jobs?limit=20", (answer) => answer.data.map((job) => job.id)],
};

function keyHeader() {
  const key = window.ui?.authSelectors.authorized().toJS().key?.value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function suggestions(name) {
  const [address, read] = routes[name];
  const response = await fetch(address, { headers: keyHeader() });
  return response.ok ? read(await response.json()) : [];
}

function listOf(name) {
  const id = `suggested-${name}`;
  let list = document.getElementById(id);
  if (!list) {
    list = document.createElement("datalist");
    list.id = id;
    document.body.append(list);
  }
  return list;
}

// Fetches the suggestions each time a field gets the focus, because models, data sets and jobs change.
async function offer(event) {
  const name = event.target.closest?.("tr[data-param-name]")?.dataset.paramName;
  if (event.target.tagName !== "INPUT" || !Object.hasOwn(routes, name)) return;
  const list = listOf(name);
  event.target.setAttribute("list", list.id);
  list.replaceChildren(...(await suggestions(name)).map((value) => Object.assign(document.createElement("option"), { value })));
}

// Swagger UI shows an SVG answer as text. This function shows the picture instead of the text, and keeps the buttons.
function showPictures() {
  for (const code of document.querySelectorAll(".live-responses-table .highlight-code code")) {
    const body = code.closest("pre");
    if (!code.textContent.startsWith("<svg") || body.nextElementSibling?.matches(".network-picture")) continue;
    const image = document.createElement("img");
    image.className = "network-picture";
    image.alt = "The network";
    image.src = URL.createObjectURL(new Blob([code.textContent], { type: "image/svg+xml" }));
    body.after(image);
    body.style.display = "none";
  }
}

document.addEventListener("focusin", offer);
new MutationObserver(showPictures).observe(document.body, { childList: true, subtree: true });
