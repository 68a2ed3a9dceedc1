// A proxy that serves a service below a path prefix, and removes the prefix before it passes requests on.

import { createServer, request } from "node:http";

/** Starts the proxy, calls `use` with the address below the prefix, and ends the proxy. */
export async function behindPrefix(address, prefix, use) {
  const server = createServer((from, to) => pass(from, to, address, prefix));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${server.address().port}${prefix}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function pass(from, to, address, prefix) {
  if (!from.url.startsWith(`${prefix}/`)) {
    to.writeHead(404).end();
    return;
  }
  const passed = request(`${address}${from.url.slice(prefix.length)}`, { method: from.method, headers: from.headers }, (answer) => {
    to.writeHead(answer.statusCode, answer.headers);
    answer.pipe(to);
  });
  passed.on("error", () => to.destroy());
  from.pipe(passed);
}
