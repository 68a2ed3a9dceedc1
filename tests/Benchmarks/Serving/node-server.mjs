// A small image classification server on Node: sharp decodes and resizes, ONNX Runtime runs the network.
//
//   node node-server.mjs MODEL.onnx PORT PROCESSES
//
// With one process, a run uses all cores. With several, they share the port, and each run uses one core.
import cluster from 'node:cluster';
import http from 'node:http';
import { availableParallelism } from 'node:os';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [model, port, processes] = process.argv.slice(2);
const Side = 224, Resized = 256, Plane = Side * Side;
const Means = [0.485, 0.456, 0.406], Deviations = [0.229, 0.224, 0.225];

if (cluster.isPrimary && Number(processes) > 1) {
  for (let i = 0; i < Number(processes); i++) {
    cluster.fork();
  }
} else {
  await serve();
}

async function serve() {
  const threads = Number(processes) > 1 ? 1 : availableParallelism();
  sharp.concurrency(threads);
  sharp.cache(false);
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads });
  http.createServer(async (request, response) => {
    try {
      const parts = [];
      for await (const part of request) {
        parts.push(part);
      }
      const input = new ort.Tensor('float32', await pixels(Buffer.concat(parts)), [1, 3, Side, Side]);
      const outputs = await session.run({ [session.inputNames[0]]: input });
      const body = JSON.stringify({ predictions: likeliest(outputs[session.outputNames[0]].data, 5) });
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body);
    } catch (error) {
      response.writeHead(422).end(String(error));
    }
  }).listen(Number(port), '127.0.0.1');
}

// sharp decodes a JPEG at the smallest of 1/8, 1/4 and 1/2 of its size that is large enough.
async function pixels(file) {
  const crop = (Resized - Side) / 2;
  const rgb = await sharp(file).resize(Resized, Resized, { fit: 'cover' })
    .extract({ left: crop, top: crop, width: Side, height: Side }).removeAlpha().toColourspace('srgb').raw().toBuffer();
  const tensor = new Float32Array(3 * Plane);
  for (let c = 0; c < 3; c++) {
    const scale = 1 / 255 / Deviations[c], shift = Means[c] / Deviations[c];
    for (let i = 0; i < Plane; i++) {
      tensor[c * Plane + i] = rgb[3 * i + c] * scale - shift;
    }
  }
  return tensor;
}

function likeliest(logits, count) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Array.from(logits, (logit, index) => ({ index, probability: Math.exp(logit - most) / sum }))
    .sort((a, b) => b.probability - a.probability).slice(0, count);
}
