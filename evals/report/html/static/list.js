/* The list of samples: which are shown, in which order, and only the rows that are in sight. */

const wanted = { state: "", labels: {}, query: "", sort: "id" };
const list = { view: new Int32Array(0), open: -1, cursor: 0, height: 34, found: null, search: 0 };
const previews = new Map();

const box = document.getElementById("list");
const space = document.getElementById("list-space");
const shownRows = document.getElementById("list-rows");
const status = document.getElementById("status");

function stateMatches(row, state) {
  if (!state) return true;
  if (state === "flipped") return rows.flip[row] !== 0;
  if (state === "rose") return rows.flip[row] > 0;
  if (state === "fell") return rows.flip[row] < 0;
  const verdict = data.verdicts.indexOf(state);
  const bit = 1 << data.flags.indexOf(state);
  for (let r = 0; r < runs.length; r++) {
    const i = rows.at[r][row];
    if (i >= 0 && (verdict >= 0 ? runs[r].index.verdicts[i] === verdict : runs[r].index.flags[i] & bit)) return true;
  }
  return false;
}

function labelMatches(row) {
  for (const [key, value] of Object.entries(wanted.labels)) {
    const [r, i] = firstOf(row);
    if (labelOf(r, i, key) !== value) return false;
  }
  return true;
}

const SORTS = {
  id: null,
  score: (row) => scoreOf(row) ?? -1,
  "score, highest first": (row) => -(scoreOf(row) ?? Infinity),
  verdict: (row) => runs[firstOf(row)[0]].index.verdicts[firstOf(row)[1]],
  difference: (row) => difference(row),
};

function scoreOf(row) {
  const [r, i] = firstOf(row);
  return runs[r].index.scores[i];
}

function difference(row) {
  const [first, last] = [rows.at[0][row], rows.at[runs.length - 1][row]];
  if (first < 0 || last < 0) return Infinity;
  const [a, b] = [runs[0].index.scores[first], runs[runs.length - 1].index.scores[last]];
  return a === null || b === null ? Infinity : b - a;
}

/* The rows that fit, in their order. Without a text this reads the columns alone, whatever the size. */
function refilter() {
  const fits = [];
  for (let row = 0; row < rows.n; row++) {
    if (list.found && !list.found.has(row)) continue;
    if (stateMatches(row, wanted.state) && labelMatches(row)) fits.push(row);
  }
  const key = SORTS[wanted.sort];
  if (key) {
    const keys = new Map(fits.map((row) => [row, key(row)]));
    fits.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
  }
  list.view = Int32Array.from(fits);
  const place = list.view.indexOf(list.open);
  list.cursor = place >= 0 ? place : Math.min(list.cursor, Math.max(0, fits.length - 1));
  space.style.height = `${list.view.length * list.height}px`;
  document.documentElement.style.setProperty("--list-height", `${Math.max(3, list.view.length) * list.height + 2}px`);
  say();
  drawRows();
}

function say(progress) {
  const n = list.view.length;
  status.textContent = (n === rows.n ? plural(n, rows.unit) : `${count(n)} of ${plural(rows.n, rows.unit)}`) + (progress ? `, ${progress}` : "");
}

function drawRows() {
  const top = Math.max(0, Math.floor(box.scrollTop / list.height) - 4);
  const end = Math.min(list.view.length, top + Math.ceil(box.clientHeight / list.height) + 9);
  shownRows.style.transform = `translateY(${top * list.height}px)`;
  const nodes = [];
  for (let place = top; place < end; place++) nodes.push(rowNode(place));
  shownRows.replaceChildren(...nodes);
  const current = document.getElementById(`option-${list.cursor}`);
  if (current) box.setAttribute("aria-activedescendant", current.id);
  else box.removeAttribute("aria-activedescendant");
}

function rowNode(place) {
  const row = list.view[place];
  const marks = runs.map((_, r) => {
    const i = rows.at[r][row];
    const verdict = i < 0 ? "missing" : verdictOf(r, i);
    return el("span", { class: `mark ${verdict}`, title: verdict }, MARKS[verdict]);
  });
  const known = previews.get(row);
  const node = el(
    "div",
    { class: "row", role: "option", id: `option-${place}`, "aria-selected": place === list.cursor ? "true" : "false", "aria-posinset": place + 1, "aria-setsize": list.view.length, "data-row": row },
    el("span", { class: "marks" }, marks),
    el("span", { class: "id", title: visible(idOf(row)) }, visible(shortId(row))),
    el("span", { class: "question" }, known ? known.question : ""),
    el("span", { class: "given" }, known ? known.given : ""),
  );
  if (!known) preview(row, node);
  return node;
}

const MARKS = { right: "✓", wrong: "✗", partly: "◐", errored: "!", pending: "…", unscored: "·", missing: " " };

async function preview(row, node) {
  const [r, i] = firstOf(row);
  const detail = await detailOf(r, i);
  const calls = detail.calls || [];
  const turns = calls.length ? calls[0].turns : [];
  const asked = turns.filter((turn) => !turn.example && !/system|developer/.test(turn.role)).pop() || turns[turns.length - 1];
  const texts = asked ? asked.parts.map((one) => (typeof one === "string" ? one : "[picture]")) : [];
  const last = calls.length ? calls[calls.length - 1] : {};
  const completion = (last.completions || [])[0];
  const given = detail.error ? detail.error.message || detail.error.type : detail.picked ?? (completion ? completion.text || (completion.tool_calls || []).map((call) => call.name).join(", ") : detail.completion ?? detail.verdicts?.[0]?.picked);
  const about = texts.join(" ") || detail.verdicts?.[0]?.item;
  const found = { question: oneLine(about, 200), given: oneLine(given, 120) };
  if (previews.size > 20000) previews.clear();
  previews.set(row, found);
  if (node.isConnected) {
    node.querySelector(".question").textContent = found.question;
    node.querySelector(".given").textContent = found.given;
  }
}

/* Looks for a text in ids first, then in all samples, chunk by chunk; what is found so far is shown meanwhile. */
async function searchAll(query) {
  const turn = ++list.search;
  if (!query) {
    list.found = null;
    refilter();
    return;
  }
  const needle = query.toLowerCase();
  list.found = new Set();
  for (let row = 0; row < rows.n; row++) if (`${idOf(row)}\n${nameOf(row)}`.toLowerCase().includes(needle)) list.found.add(row);
  refilter();
  let shown = performance.now();
  for (let r = 0; r < runs.length; r++) {
    const rowAt = new Int32Array(runs[r].index.ids.length).fill(-1);
    rows.at[r].forEach((i, row) => i >= 0 && (rowAt[i] = row));
    const nChunks = runs[r].index.sizes.length;
    for (let n = 0; n < nChunks; n++) {
      const text = await inflate(await packedText(`chunk-${r}-${n}`));
      if (turn !== list.search) return;
      addMatches(text, needle, rowAt, runs[r].starts[n]);
      if (performance.now() - shown > 150) {
        refilter();
        say(`searched ${Math.round((100 * (n + 1)) / nChunks)} %`);
        await new Promise((done) => setTimeout(done));
        shown = performance.now();
      }
    }
  }
  if (turn === list.search) refilter();
}

function addMatches(text, needle, rowAt, start) {
  const inJson = JSON.stringify(needle).slice(1, -1);
  if (!text.toLowerCase().includes(inJson)) return;
  text.split("\n").forEach((line, i) => {
    if (line.toLowerCase().includes(inJson) && holds(ownTexts(JSON.parse(line)), needle)) list.found.add(rowAt[start + i]);
  });
}

/* The sample without numbers that stand for turns which many samples share. */
function ownTexts(detail) {
  for (const call of detail.calls || []) call.turns = call.turns.filter((turn) => typeof turn !== "number");
  return detail;
}

function holds(value, needle) {
  if (typeof value === "string") return value.toLowerCase().includes(needle);
  if (typeof value === "number") return String(value) === needle;
  return value !== null && typeof value === "object" && Object.values(value).some((one) => holds(one, needle));
}
