// The client of the service's public routes. All addresses are relative to the page, so that the page works behind a path prefix.

import { askForKey, currentKey } from "./key.js";

/** An error answer. `status` is the HTTP status, 0 if no answer came; `code` is the stable name of the problem. */
export class Problem extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Returns the address of a route. The parts may contain any characters. */
export function route(...parts) {
  return parts.map((part) => encodeURIComponent(part)).join("/");
}

/** Returns the full address of a path, for code that people copy. */
export function fullAddress(path) {
  return new URL(path, document.baseURI).href;
}

/**
 * Sends a request and returns the response; throws a Problem if the status is an error. If the service wants a key, the person is asked
 * for it once. `quiet`: the person is not asked.
 */
export async function send(path, { method = "GET", body, headers = {}, signal, quiet = false } = {}) {
  const attempt = () => attemptSend(path, { method, body, headers: withKey(headers), signal });
  let response = await attempt();
  if (!quiet && wantsOtherKey(response)) {
    const problem = await problemOf(response.clone());
    if (await askForKey(problem.message)) response = await attempt();
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Sends a request and returns the JSON of the answer; null if the answer has no body. */
export async function json(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

/** Sends a value as JSON, and returns the JSON of the answer. */
export function post(path, value, options = {}) {
  const body = value === undefined ? undefined : JSON.stringify(value);
  const headers = value === undefined ? {} : { "Content-Type": "application/json" };
  return json(path, { method: "POST", body, headers, ...options });
}

/** Fetches a picture with the key, and returns an address for an image element. */
export async function picture(path, options) {
  const response = await send(path, options);
  return URL.createObjectURL(await response.blob());
}

/** Returns the entries of all pages of a list. Stops when there are `most` entries or more. */
export async function everyEntry(path, most = 1000) {
  const entries = [];
  let after = null;
  do {
    const page = await json(`${path}${path.includes("?") ? "&" : "?"}limit=100${after ? `&after=${encodeURIComponent(after)}` : ""}`);
    entries.push(...page.data);
    after = page.has_more && page.data.length > 0 ? page.data.at(-1).id : null;
  } while (after && entries.length < most);
  return entries;
}

/** Yields the server-sent events of a stream that follow the event with the id `last`, until the stream ends. */
export async function* serverSentEvents(path, last, signal) {
  const headers = { Accept: "text/event-stream" };
  if (last) headers["Last-Event-ID"] = last;
  const response = await send(path, { headers, signal, quiet: true });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const event of whole.map(parseEvent)) {
      if (event.data) yield event;
    }
  }
}

function parseEvent(text) {
  const event = { id: "", data: "" };
  for (const line of text.split("\n")) {
    if (line.startsWith("id:")) event.id = line.slice(3).trim();
    else if (line.startsWith("data:")) event.data += line.slice(5).trim();
  }
  return event;
}

// A request without a key that is answered with 403 is refused for another reason: the service has no keys.
function wantsOtherKey({ status }) {
  return status === 401 || (status === 403 && currentKey() !== null);
}

function withKey(headers) {
  const key = currentKey();
  return key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
}

async function attemptSend(path, options) {
  try {
    return await fetch(new URL(path.replace(/^\//, ""), document.baseURI), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service does not answer. It may be restarting; try again in a minute.", 0, "no_answer");
  }
}

async function problemOf(response) {
  if (response.status === 401) {
    const words = currentKey() ? "The service does not know your key." : "This needs an API key. The people who run the service have one.";
    return new Problem(words, 401, "unauthorized");
  }
  try {
    const problem = await response.json();
    const detail = problem.detail ?? problem.error?.message ?? problem.error;
    return new Problem(typeof detail === "string" ? detail : `The service answered ${response.status}.`, response.status, problem.code);
  } catch {
    return new Problem(`The service answered ${response.status}.`, response.status, "unknown");
  }
}
