// Classifies images with Custom Vision's official client, as an application does that has moved here, and prints what it gets as JSON.
//
//   node client.mjs SERVICE KEY MODEL IMAGE [URL]
import fs from 'node:fs';
import { PredictionAPIClient } from '@azure/cognitiveservices-customvision-prediction';
import msRest from '@azure/ms-rest-js';

const [service, key, model, image, url] = process.argv.slice(2);
const project = '2f5a1c7e-9d3b-4e6f-8a10-b2c3d4e5f607';
const clientOf = (secret) =>
  new PredictionAPIClient(new msRest.ApiKeyCredentials({ inHeader: { 'Prediction-key': secret } }), service);
const client = clientOf(key);

// A failed call as the client's exception shows it.
const failure = async (call) => {
  try {
    await call;
  } catch (error) {
    return { status: error.statusCode, code: error.body?.code, message: error.message };
  }
  throw new Error('The call has not failed.');
};

const bytes = fs.readFileSync(image);
const plain = ({ _response, ...prediction }) => prediction;
const answers = {
  bytes: plain(await client.classifyImage(project, model, bytes)),
  stream: plain(await client.classifyImageWithNoStore(project, model, () => fs.createReadStream(image), { application: 'till' })),
  wrongModel: await failure(client.classifyImage(project, 'none', bytes)),
  wrongKey: await failure(clientOf('wrong').classifyImage(project, model, bytes)),
  noImage: await failure(client.classifyImage(project, model, Buffer.from('no image'))),
  detection: await failure(client.detectImage(project, model, bytes)),
  url: url
    ? plain(await client.classifyImageUrl(project, model, { url }))
    : await failure(client.classifyImageUrlWithNoStore(project, model, { url: 'https://images.example.org/1.jpg' })),
};
console.log(JSON.stringify(answers));
