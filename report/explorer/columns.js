// Columns of numbers, as scripts/descent/explorer/packed.py writes them.

/** {name: typed array}, of a layout and the base64 of its gzipped bytes. */
export async function unpack(layout, base64) {
  const zipped = bytesOf(atob(base64));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const columns = {};
  let start = 0;
  for (const { name, type, length } of layout) {
    const size = type === "uint8" ? length : 4 * length;
    const part = bytes.subarray(start, start + size);
    columns[name] = type === "uint8" ? part : numbers(part, length, type);
    start += size;
  }
  return columns;
}

function bytesOf(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The sums of differences of bit patterns, whose lowest bytes come first, then the second, … */
function numbers(bytes, length, type) {
  const patterns = new Uint32Array(length);
  let pattern = 0;
  for (let i = 0; i < length; i++) {
    const difference = bytes[i] | (bytes[i + length] << 8) | (bytes[i + 2 * length] << 16) |
      (bytes[i + 3 * length] << 24);
    pattern = (pattern + difference) >>> 0;
    patterns[i] = pattern;
  }
  return type === "int32" ? new Int32Array(patterns.buffer) : new Float32Array(patterns.buffer);
}
