// Writes zip files without compression, because images are compressed already.

const mostFiles = 65_535;
const mostBytes = 0xffff_ffff;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * Makes a zip file of entries. Each entry has a path and a file or blob. `onProgress` gets the number of finished entries.
 */
export async function zip(entries, onProgress = () => {}) {
  if (entries.length > mostFiles) throw new Error(`The folder has ${entries.length} files; expected at most ${mostFiles}.`);
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [place, { path, file }] of entries.entries()) {
    const name = new TextEncoder().encode(path);
    const crc = crc32(new Uint8Array(await file.arrayBuffer()));
    const header = localHeader(name, crc, file.size);
    directory.push(directoryEntry(name, crc, file.size, offset));
    parts.push(header, file);
    offset += header.byteLength + file.size;
    if (offset > mostBytes) throw new Error("The images have more than 4 GiB together. Make a zip file of them yourself, and upload it.");
    onProgress(place + 1);
  }
  const directorySize = directory.reduce((sum, entry) => sum + entry.byteLength, 0);
  return new Blob([...parts, ...directory, end(directory.length, directorySize, offset)], { type: "application/zip" });
}

function localHeader(name, crc, size) {
  return record(0x04034b50, [[2, 20], ...common(crc, size, name.length)], name);
}

function directoryEntry(name, crc, size, offset) {
  return record(0x02014b50, [[2, 20], [2, 20], ...common(crc, size, name.length), [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]], name);
}

// The fields that both headers of a file have. 0x0800 is the flag for names in UTF-8; method 0 means no compression; the date is 1 January
// 1980.
function common(crc, size, nameLength) {
  return [[2, 0x0800], [2, 0], [2, 0], [2, 0x21], [4, crc], [4, size], [4, size], [2, nameLength], [2, 0]];
}

function end(count, size, offset) {
  return record(0x06054b50, [[2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]]);
}

// Returns a record of a zip file: a signature, then numbers of 2 or 4 bytes, the low byte first, and then a name.
function record(signature, numbers, name = new Uint8Array()) {
  const all = [[4, signature], ...numbers];
  const length = all.reduce((sum, [bytes]) => sum + bytes, 0);
  const result = new Uint8Array(length + name.length);
  const view = new DataView(result.buffer);
  let at = 0;
  for (const [bytes, value] of all) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  result.set(name, at);
  return result;
}
