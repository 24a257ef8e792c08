// The list of runs: search, filters, sort, tick boxes to compare, and runs that grow while they run.
import { debounced, el, getJson, repeat, show } from "./dom.js";

const COLUMNS = [
  { key: "when", text: "when" }, { key: "eval", text: "eval" }, { key: "model", text: "model" },
  { key: "value", text: "score", num: true }, { key: null, text: "95 % interval", num: true },
  { key: "n", text: "n", num: true }, { key: "cost", text: "cost", num: true }, { key: "state", text: "state, tags" },
];
const PAGE = 200;
const asked = new URLSearchParams(location.search);
const view = { sort: asked.get("sort") || "when", down: asked.get("down") !== "0", shown: PAGE, rows: [], ticked: new Set(), live: new Map() };

const search = el("input", { type: "search", id: "search", autocomplete: "off", "aria-keyshortcuts": "/" });
const selects = { eval: el("select", {}), model: el("select", {}), state: el("select", {}) };
const sortSelect = el("select", {}, ...COLUMNS.filter((c) => c.key).map((c) => el("option", { value: c.key }, c.text)));
const compare = el("button", { class: "main", type: "button", disabled: true, onclick: openComparison }, "Compare");
const vote = el("button", { type: "button", id: "vote", disabled: true, onclick: () => { location.href = `/vote/${picked().join(",")}`; } }, "Vote");
const label = el("button", { type: "button", id: "label", disabled: true, onclick: () => { location.href = `/label/${picked()[0]}`; } }, "Label");
const count = el("p", { class: "quiet small", role: "status", id: "count" });
const commands = el("pre", { tabindex: "0" });
const terminal = el("details", { id: "terminal", hidden: true }, el("summary", {}, "commands for the picked runs"), commands);
const head = el("tr", {});
const body = el("tbody", { role: "rowgroup" });
const more = el("button", { type: "button", hidden: true, onclick: () => { view.shown += PAGE; draw(); } });

function build() {
  search.value = asked.get("q") || "";
  sortSelect.value = view.sort;
  show(
    el("div", { class: "tools" },
      el("label", {}, "search: eval, model, tag, file (/)", search),
      el("label", { class: "half" }, "eval", selects.eval), el("label", { class: "half" }, "model", selects.model),
      el("label", { class: "half" }, "state", selects.state), el("label", { class: "sort-narrow half" }, "sort by", sortSelect), compare, vote, label),
    terminal, count,
    el("table", { class: "cards", id: "runs", role: "table", "aria-label": "runs" },
      el("thead", { role: "rowgroup" }, head), body),
    more);
  search.addEventListener("input", debounced(changed));
  Object.values(selects).forEach((select) => select.addEventListener("change", changed));
  sortSelect.addEventListener("change", () => sortBy(sortSelect.value));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.nodeName)) { event.preventDefault(); search.focus(); }
  });
  head.append(el("th", { scope: "col", role: "columnheader" }, el("span", { class: "quiet" }, "pick")), ...COLUMNS.map(headCell));
}

function headCell(column) {
  const cell = el("th", { scope: "col", role: "columnheader", class: column.num ? "num" : null });
  cell.append(column.key ? el("button", { type: "button", onclick: () => sortBy(column.key) }, column.text) : column.text);
  return cell;
}

function sortBy(key) {
  view.down = view.sort === key ? !view.down : key !== "eval" && key !== "model";
  view.sort = key;
  changed();
}

function changed() {
  view.shown = PAGE;
  const query = new URLSearchParams();
  if (search.value) query.set("q", search.value);
  for (const [name, select] of Object.entries(selects)) if (select.value) query.set(name, select.value);
  if (view.sort !== "when") query.set("sort", view.sort);
  if (!view.down) query.set("down", "0");
  history.replaceState(null, "", query.toString() ? `?${query}` : location.pathname);
  draw();
}

function fillSelect(name) {
  const select = selects[name];
  const chosen = select.value || asked.get(name) || "";
  const values = [...new Set(view.rows.map((row) => row[name]))].sort();
  if (chosen && !values.includes(chosen)) values.push(chosen);
  select.replaceChildren(el("option", { value: "" }, "all"), ...values.map((value) => el("option", { value }, value)));
  select.value = chosen;
}

function fitting() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  return view.rows.filter((row) => (
    Object.entries(selects).every(([name, select]) => !select.value || row[name] === select.value)
    && wanted.every((word) => row.words.includes(word))));
}

function sorted(rows) {
  const key = view.sort;
  const sign = view.down ? -1 : 1;
  const rank = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort((one, two) => {
    const [a, b] = [one[key], two[key]];
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * rank(a, b) || rank(two.when, one.when);
  });
}

function draw() {
  const rows = sorted(fitting());
  COLUMNS.forEach((column, i) => {
    const cell = head.children[i + 1];
    if (column.key === view.sort) cell.setAttribute("aria-sort", view.down ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
  body.replaceChildren(...rows.slice(0, view.shown).map(line));
  count.textContent = rows.length === view.rows.length ? `${rows.length.toLocaleString("en")} runs`
    : `${rows.length.toLocaleString("en")} of ${view.rows.length.toLocaleString("en")} runs`;
  more.hidden = rows.length <= view.shown;
  more.textContent = `show more (${Math.min(PAGE, rows.length - view.shown)})`;
  tickChanged();
}

function line(row) {
  const live = view.live.get(row.id);
  const box = el("input", { type: "checkbox", "aria-label": `pick ${row.eval} on ${row.model}, ${row.when}`,
    onchange: (event) => { event.target.checked ? view.ticked.add(row.id) : view.ticked.delete(row.id); tickChanged(); } });
  box.checked = view.ticked.has(row.id);
  const href = row.state === "running" ? `/live/${row.id}` : `/run/${row.id}`;
  const state = [el("span", { class: `state-${row.state}` }, row.state === "failed" ? `${row.n_errors.toLocaleString("en")} failed` : row.state)];
  if (live && live.n_planned) state.push(` ${live.n_done.toLocaleString("en")}/${live.n_planned.toLocaleString("en")}`);
  const cells = [
    ["tick", box], ["third nowrap", row.when.slice(0, 16)], ["first", el("a", { href, title: row.file }, row.eval)], ["second", row.model],
    ["num r1", live ? live.value_text : row.value_text], ["num r2", live ? live.interval_text : row.interval_text],
    ["num wide-only", (live ? live.n : row.n) ?? ""].map((one) => (typeof one === "number" ? one.toLocaleString("en") : one)),
    ["num wide-only", row.cost_text],
  ].map(([name, child]) => el("td", { class: name, role: "cell" }, child));
  if (live) cells[4].append(el("span", { class: "quiet small" }, " not final"));
  cells.push(el("td", { class: "r3", role: "cell" }, ...state, " ", ...row.tags.map((tag) => el("span", { class: "tag" }, tag))));
  return el("tr", { role: "row", "data-id": row.id }, ...cells);
}

function tickChanged() {
  const n = view.ticked.size;
  compare.disabled = n < 2;
  vote.disabled = n !== 2;
  label.disabled = n !== 1;
  terminal.hidden = !n;
  const paths = view.rows.filter((row) => view.ticked.has(row.id) && row.path).map((row) => row.path).reverse();
  commands.textContent = commandsFor(paths).join("\n");
  compare.textContent = n < 2 ? "Compare (pick two)" : `Compare ${n} runs`;
}

function commandsFor(paths) {
  const all = paths.join(" ");
  const each = paths.flatMap((path) => [`evals view ${path} --wrong`, `evals score ${path}`]);
  return [...(paths.length > 1 ? [`evals compare ${all} --flips`] : []), ...(paths.length ? [`evals report ${all} --html report.html`] : []), ...each];
}

function picked() {
  return view.rows.filter((row) => view.ticked.has(row.id)).reverse().map((row) => row.id);
}

// The oldest first: differences are later minus earlier.
function openComparison() {
  location.href = `/run/${picked().join(",")}`;
}

// What has the focus in the list has it again when the list is drawn anew.
function keepingFocus(change) {
  const before = body.contains(document.activeElement) ? document.activeElement : null;
  const id = before && before.closest("tr").dataset.id;
  change();
  if (id) body.querySelector(`tr[data-id="${id}"] ${before.nodeName.toLowerCase()}`)?.focus({ preventScroll: true });
}

let tag = null;
let lastLive = "";
async function update() {
  const found = await getJson("/api/runs", tag);
  if (found) {
    tag = found.tag;
    view.rows = found.runs;
    for (const row of view.rows) row.words = [row.eval, row.model, row.state, row.file, row.when, ...row.tags].join(" ").toLowerCase();
    ["eval", "model", "state"].forEach(fillSelect);
  }
  const running = view.rows.some((row) => row.state === "running");
  const live = running ? (await getJson("/api/live")).runs : [];
  const liveText = JSON.stringify(live.map((one) => [one.id, one.n_done, one.n_failed]));
  if (found || liveText !== lastLive) {
    lastLive = liveText;
    view.live = new Map(live.map((one) => [one.id, one]));
    keepingFocus(draw);
  }
  if (!view.rows.length) count.textContent = "No runs yet. Make one: oaieval MODEL EVAL";
}

build();
repeat(update, 2);
