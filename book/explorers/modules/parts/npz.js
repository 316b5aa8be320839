// Arrays of a NumPy archive (.npz): a ZIP file of .npy files of float64 numbers in C order.

const DIRECTORY_END = 0x06054b50;
const SMALLEST_END = 22; // bytes of the record at the end of a ZIP file
const DEFLATED = 8;

/** Fetch the arrays of the figure whose place an explorer takes. */
export function publishedArrays(root) {
  return fetchArrays(root.querySelector('.published-links a[href$=".npz"]').href);
}

/** Fetch an archive: {name: {shape, values}} with a Float64Array of values. */
export async function fetchArrays(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  const entries = [...members(new DataView(bytes))].map(async ({ name, method, begin, size }) => {
    const packed = new Uint8Array(bytes, begin, size);
    return [name.replace(/\.npy$/, ""), array(method === DEFLATED ? await inflated(packed) : packed)];
  });
  return Object.fromEntries((await Promise.all(entries)).filter(([, found]) => found));
}

/** The files of a ZIP archive, by its directory. */
function* members(view) {
  let end = view.byteLength - SMALLEST_END;
  while (view.getUint32(end, true) !== DIRECTORY_END) end -= 1;
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i += 1) {
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, length));
    const local = view.getUint32(at + 42, true);
    // The name and the extra field may have other lengths in the file's own header.
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    yield { name, method: view.getUint16(at + 10, true), begin, size: view.getUint32(at + 20, true) };
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}

async function inflated(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A .npy file; null unless it has little-endian float64 numbers in C order. */
function array(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  if (!header.includes("'<f8'") || header.includes("'fortran_order': True")) return null;
  const shape = header.match(/\(([^)]*)\)/)[1].split(",").filter((part) => part.trim()).map(Number);
  return { shape, values: new Float64Array(bytes.slice(10 + length).buffer) };
}
