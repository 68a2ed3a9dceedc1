// Walks over the Open Inference Protocol with gRPC's client for Node.
// node client.mjs ADDRESS PROTO KEY IMAGE: lenet5 classifies the image; the last line is the label that it gives.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, proto, key, image] = process.argv.slice(2);
const { inference } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true, longs: Number, enums: String }));
const client = new inference.GRPCInferenceService(address, grpc.credentials.createInsecure());

function call(method, request, authorization = `Bearer ${key}`) {
  const metadata = new grpc.Metadata();
  if (authorization) metadata.set('authorization', authorization);
  return new Promise((resolve, reject) =>
    client[method](request, metadata, { deadline: Date.now() + 60_000 }, (error, answer) => error ? reject(error) : resolve(answer)));
}

const refused = (promise, code, reason) => assert.rejects(promise, error => {
  assert.equal(error.code, code, error.message);
  assert.match(error.details, reason);
  return true;
});

assert.deepEqual(await call('ServerLive', {}), { live: true });
assert.deepEqual(await call('ServerReady', {}), { ready: true });
assert.deepEqual(await call('ModelReady', { name: 'lenet5' }), { ready: true });
assert.equal((await call('ServerMetadata', {})).name, 'fovea');
const model = await call('ModelMetadata', { name: 'lenet5' });
assert.deepEqual(model.inputs, [{ name: 'input', datatype: 'FP32', shape: [-1, 1, 28, 28] }]);

const pixels = Float32Array.from({ length: 784 }, (_, i) => (i * 7919 % 256) / 255);
const input = { name: 'input', datatype: 'FP32', shape: [1, 1, 28, 28] };
const asContents = await call('ModelInfer', {
  model_name: 'lenet5', id: '42', inputs: [{ ...input, contents: { fp32_contents: Array.from(pixels) } }],
});
assert.equal(asContents.id, '42');
const logits = asContents.outputs[0].contents.fp32_contents;
assert.equal(logits.length, 10);
const asBytes = await call('ModelInfer', {
  model_name: 'lenet5', inputs: [input], raw_input_contents: [Buffer.from(pixels.buffer)],
});
const raw = asBytes.raw_output_contents[0];
const floats = Array.from({ length: 10 }, (_, i) => raw.readFloatLE(4 * i));
floats.forEach((number, i) => assert.ok(Math.abs(number - logits[i]) < 1e-4));

// Wrong model, wrong data, wrong key, a message that is too large, a call that its caller cancels.
await refused(call('ModelInfer', { model_name: 'none' }), grpc.status.NOT_FOUND, /There is no model none/);
await refused(
  call('ModelInfer', { model_name: 'lenet5', inputs: [input], raw_input_contents: [Buffer.alloc(8)] }),
  grpc.status.INVALID_ARGUMENT, /8 bytes; expected 3136/);
await refused(call('ModelInfer', { model_name: 'lenet5' }, 'Bearer wrong'), grpc.status.UNAUTHENTICATED, /needs an API key/);
await refused(
  call('ModelInfer', { model_name: 'lenet5', inputs: [input], raw_input_contents: [Buffer.alloc(2_000_000)] }),
  grpc.status.RESOURCE_EXHAUSTED, /more than the 1,000,000 bytes allowed/);
await new Promise((resolve, reject) => {
  const cancelled = client.ServerLive({}, error =>
    error?.code === grpc.status.CANCELLED ? resolve() : reject(error ?? new Error('The cancelled call was answered.')));
  cancelled.cancel();
});

const answer = await call('ModelInfer', {
  model_name: 'lenet5',
  inputs: [{ name: 'input', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [readFileSync(image)] } }],
  outputs: [{ name: 'logits', parameters: { classification: { int64_param: 1 } } }],
});
client.close();
console.log(answer.outputs[0].contents.bytes_contents[0].toString().split(':')[2]);
