// Reads counters of the service from its metrics in Prometheus' format.

import { send } from "./api.js";

/**
 * Returns for each model the number of answered images, the number of refused requests, and the sum and number of the times in the queue.
 * The map is empty if the metrics cannot be read, for example behind a load balancer.
 */
export async function readMetrics(signal) {
  try {
    const text = await (await send("metrics", { signal, quiet: true })).text();
    return byModel(text.split("\n").map(parseLine).filter(Boolean));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return new Map();
  }
}

function parseLine(line) {
  const match = /^([a-z_]+)\{(.*)\} (\S+)/i.exec(line);
  if (!match) return null;
  const labels = {};
  for (const [, name, value] of match[2].matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[name] = value;
  return { name: match[1], labels, value: Number(match[3]) };
}

function byModel(samples) {
  const models = new Map();
  for (const { name, labels, value } of samples) {
    if (!labels.model) continue;
    const model = models.get(labels.model) ?? { answered: 0, refused: 0, queueSum: 0, queueCount: 0 };
    models.set(labels.model, model);
    if (name === "fovea_answers_total") model[labels.outcome === "ok" ? "answered" : "refused"] += value;
    if (name === "fovea_stage_duration_seconds_sum" && labels.stage === "queue") model.queueSum += value;
    if (name === "fovea_stage_duration_seconds_count" && labels.stage === "queue") model.queueCount += value;
  }
  return models;
}
