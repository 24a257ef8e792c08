/* The data of the page: columns over all samples, and the samples themselves in compressed chunks. */

const data = JSON.parse(document.getElementById("data").textContent);
const runs = [];
const rows = { n: 0, at: [], flip: null, order: null };
const chunkCache = new Map();
const KEPT_CHUNKS = 40;

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";
const DIGITS = new Uint8Array(128);
for (let i = 0; i < 85; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/* The bytes of a text in base 85: five letters for four bytes; the last group may be shorter. */
function bytesOf(text) {
  const n = text.length;
  const nBytes = Math.floor((n * 4) / 5);
  const bytes = new Uint8Array(Math.ceil(n / 5) * 4);
  for (let i = 0, at = 0; i < n; i += 5, at += 4) {
    let value = 0;
    for (let j = 0; j < 5; j++) value = value * 85 + (i + j < n ? DIGITS[text.charCodeAt(i + j)] : 84);
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
  return bytes.subarray(0, nBytes);
}

/* Without a Blob or a Response: of a page of 100,000 samples Chromium 150 could not read these ("Failed to fetch"). */
async function inflate(packed) {
  const inflater = new DecompressionStream("deflate-raw");
  const writer = inflater.writable.getWriter();
  const written = writer.write(bytesOf(packed)).then(() => writer.close());
  const reader = inflater.readable.getReader();
  const decoder = new TextDecoder();
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(decoder.decode(value, { stream: true }));
  }
  await written;
  return parts.join("") + decoder.decode();
}

/* Where chunks come from: elements of this file, or an address of the server that sent the page. */
async function packedText(id) {
  if (data.source) {
    const reply = await fetch(data.source + encodeURIComponent(id));
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    return reply.text();
  }
  return document.getElementById(id).textContent;
}

async function loadStore() {
  for (let r = 0; r < data.runs.length; r++) {
    const index = JSON.parse(await inflate(await packedText(`index-${r}`)));
    const starts = [0];
    for (const size of index.sizes) starts.push(starts[starts.length - 1] + size);
    runs.push({ ...data.runs[r], index, starts });
  }
  joinRuns();
}

/* One row for each sample and repeat that a run has; `rows.at[run][row]` is its place in the run, or -1. */
function joinRuns() {
  const places = new Map();
  const keys = [];
  runs.forEach((run, r) => {
    const { ids, repeats, order } = run.index;
    const renamed = run.renamed || {};
    for (const i of order) {
      const key = (renamed[ids[i]] || ids[i]) + "\n" + (repeats[i] || 0);
      if (!places.has(key)) {
        places.set(key, keys.length);
        keys.push(key);
      }
    }
    rows.at.push(null);
  });
  rows.n = keys.length;
  runs.forEach((run, r) => {
    const at = new Int32Array(rows.n).fill(-1);
    const { ids, repeats } = run.index;
    const renamed = run.renamed || {};
    ids.forEach((id, i) => {
      at[places.get((renamed[id] || id) + "\n" + (repeats[i] || 0))] = i;
    });
    rows.at[r] = at;
  });
  rows.key = keys;
  rows.unit = keys.every((key) => key.endsWith("\n0")) ? "sample" : "evaluation";
  rows.prefix = sharedStart(keys).length;
  rows.flip = flipsOf(keys);
}

/* 1 where the last run scores higher than the first one, -1 where it scores lower: as the comparison says. */
function flipsOf(keys) {
  const flips = new Int8Array(keys.length);
  if (!data.flips) return flips;
  const rose = new Set(data.flips.rose);
  const fell = new Set(data.flips.fell);
  keys.forEach((key, row) => {
    const id = key.slice(0, key.lastIndexOf("\n"));
    flips[row] = rose.has(id) ? 1 : fell.has(id) ? -1 : 0;
  });
  return flips;
}

/* What all ids have in common, up to a dot: `gsm8k.test.` is not repeated in every line of the list. */
function sharedStart(keys) {
  let shared = keys.length ? keys[0] : "";
  for (const key of keys) {
    while (!key.startsWith(shared)) shared = shared.slice(0, -1);
    if (!shared) break;
  }
  return shared.slice(0, shared.slice(0, shared.indexOf("\n") + 1 || shared.length).lastIndexOf(".") + 1);
}

/* What people call the sample: the id that its row gives itself, else the id of the record. */
function nameOf(row) {
  const [r, i] = firstOf(row);
  return (runs[r].index.names || [])[i] || idOf(row);
}

function shortId(row) {
  const name = nameOf(row);
  const id = name === idOf(row) ? name.slice(rows.prefix) : name;
  return repeatOf(row) ? `${id} #${repeatOf(row)}` : id;
}

function idOf(row) {
  return rows.key[row].slice(0, rows.key[row].lastIndexOf("\n"));
}

function repeatOf(row) {
  return Number(rows.key[row].slice(rows.key[row].lastIndexOf("\n") + 1));
}

/* The first run that has the row, and its place there. */
function firstOf(row) {
  for (let r = 0; r < runs.length; r++) if (rows.at[r][row] >= 0) return [r, rows.at[r][row]];
  return [0, -1];
}

function verdictOf(r, i) {
  return data.verdicts[runs[r].index.verdicts[i]];
}

function flagsOf(r, i) {
  const code = runs[r].index.flags[i];
  return data.flags.filter((_, place) => (code >> place) & 1);
}

function labelOf(r, i, key) {
  const label = runs[r].index.labels[key];
  const code = label ? label.codes[i] : -1;
  return code < 0 ? null : label.names[code];
}

function chunkOf(r, i) {
  const { starts } = runs[r];
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= i) low = middle;
    else high = middle - 1;
  }
  return low;
}

/* The lines of one chunk, a sample each. */
function chunkLines(r, n) {
  const id = `chunk-${r}-${n}`;
  let found = chunkCache.get(id);
  if (found) chunkCache.delete(id);
  else {
    found = packedText(id).then(inflate).then((text) => text.split("\n"));
    found.catch(() => chunkCache.delete(id));
  }
  chunkCache.set(id, found);
  if (chunkCache.size > KEPT_CHUNKS) chunkCache.delete(chunkCache.keys().next().value);
  return found;
}

/* The sample with its turns in full: a number stands for one that many samples share. */
function withTurns(detail, shared) {
  for (const call of detail.calls || []) call.turns = call.turns.map((turn) => (typeof turn === "number" ? shared[turn] : turn));
  return detail;
}

async function detailOf(r, i) {
  const n = chunkOf(r, i);
  const lines = await chunkLines(r, n);
  return withTurns(JSON.parse(lines[i - runs[r].starts[n]]), runs[r].index.shared || []);
}
