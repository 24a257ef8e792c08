// Scores over time: a chart for each eval, a line for each model, intervals drawn, the same numbers as a table.
import { debounced, el, getJson, message, show, svg, table } from "./dom.js";

const MARKS = ["M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z", "M-4-4h8v8h-8Z", "M0-5L5 4H-5Z", "M0-5.5L5.5 0L0 5.5L-5.5 0Z", "M0 5L5-4H-5Z", "M-1.5-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5Z"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "10 4", "4 4"];
const FIRST = 12;
const HEIGHT = 230;
const PAD = { left: 52, right: 14, top: 12, bottom: 30 };
const asked = new URLSearchParams(location.search);
const search = el("input", { type: "search", id: "search", autocomplete: "off" });
const place = el("div", {});
let charts = [];
let shown = FIRST;

function niceTicks(low, high) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => span / one <= 5);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => ({ value: (first + i) * step, text: ((first + i) * step).toFixed(decimals) }));
}

function drawing(chart, width) {
  const all = chart.models.flatMap((model) => model.points);
  const order = new Map([...all].sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0)).map((point, i) => [point, i]));
  const ends = all.flatMap((point) => [point.value, point.low ?? point.value, point.high ?? point.value]);
  const ticks = niceTicks(Math.min(...ends), Math.max(...ends));
  const [low, high] = [ticks[0].value, ticks[ticks.length - 1].value];
  const x = (i) => (all.length < 2 ? (PAD.left + width - PAD.right) / 2 : PAD.left + 12 + (i * (width - PAD.left - PAD.right - 24)) / (all.length - 1));
  const y = (value) => HEIGHT - PAD.bottom - ((value - low) * (HEIGHT - PAD.bottom - PAD.top)) / (high - low || 1);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": `${chart.metric} of ${chart.eval} over ${all.length} runs; the table below has the numbers` });
  for (const tick of ticks) {
    root.append(svg("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: y(tick.value), y2: y(tick.value) }),
      svg("text", { x: PAD.left - 8, y: y(tick.value) + 4, "text-anchor": "end" }, tick.text));
  }
  const times = [...order.keys()];
  root.append(svg("text", { x: PAD.left, y: HEIGHT - 8 }, times[0].when.slice(0, 10)));
  if (times.length > 1) root.append(svg("text", { x: width - PAD.right, y: HEIGHT - 8, "text-anchor": "end" }, times[times.length - 1].when.slice(0, 10)));
  chart.models.forEach((model, number) => root.append(series(model, number, order, x, y)));
  return root;
}

function series(model, number, order, x, y) {
  const group = svg("g", { class: `series s${number % 6}` });
  const at = model.points.map((point) => [x(order.get(point)), y(point.value)]);
  group.append(svg("path", { d: at.map(([left, top], i) => `${i ? "L" : "M"}${left} ${top}`).join(""), "stroke-dasharray": DASHES[number % 6] }));
  model.points.forEach((point, i) => {
    if (point.low !== null) group.append(svg("path", { class: "bar", d: `M${at[i][0]} ${y(point.low)}V${y(point.high)}` }));
    group.append(svg("path", { class: "mark", d: MARKS[number % 6], transform: `translate(${at[i][0]} ${at[i][1]})` },
      svg("title", {}, `${model.model}, ${point.when.slice(0, 16)}: ${point.value_text}`)));
  });
  return group;
}

function key(model, number) {
  return el("li", {}, svg("svg", { viewBox: "-13 -8 26 16", class: `series s${number % 6}`, "aria-hidden": "true" },
    svg("path", { d: "M-13 0H13", "stroke-dasharray": DASHES[number % 6] }), svg("path", { class: "mark", d: MARKS[number % 6] })), model.model);
}

function section(chart) {
  const points = chart.models.flatMap((model) => model.points);
  const ns = points.map((point) => point.n).filter((n) => n !== null);
  const [least, most] = [Math.min(...ns), Math.max(...ns)].map((n) => n.toLocaleString("en"));
  const over = !ns.length ? "" : least === most ? `; n = ${least}` : `; n from ${least} to ${most}`;
  const runs = points.length === 1 ? "1 run" : `${points.length.toLocaleString("en")} runs in the order of time`;
  const rows = chart.models.flatMap((model) => model.points.map((point) => [
    point.when.slice(0, 16), model.model, el("a", { href: `/run/${point.id}` }, point.value_text), point.interval_text, point.n === null ? "" : point.n.toLocaleString("en")]));
  const heads = [{ text: "when" }, { text: "model" }, { text: chart.metric, num: true }, { text: "95 % interval", num: true }, { text: "n", num: true }];
  return el("section", {}, el("h2", {}, `${chart.eval}: ${chart.metric}`),
    el("figure", {}, drawing(chart, Math.max(280, place.clientWidth)), el("ul", { class: "legend" }, ...chart.models.map(key)),
      el("figcaption", {}, `${runs}, with 95 % intervals where they are known${over}`)),
    el("details", {}, el("summary", {}, "the numbers"), table(`${chart.metric} of ${chart.eval}`, heads, rows)));
}

function draw() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.toLowerCase().includes(word));
  const found = charts
    .map((chart) => (fits(chart.eval) ? chart : { ...chart, models: chart.models.filter((model) => fits(`${chart.eval} ${model.model}`)) }))
    .filter((chart) => chart.models.length);
  place.replaceChildren(...found.slice(0, shown).map(section));
  if (!found.length) place.append(message(charts.length ? "No eval fits." : "No run with a score yet."));
  if (found.length > shown) place.append(el("button", { type: "button", onclick: () => { shown += FIRST; draw(); } }, `show more (${found.length - shown})`));
}

search.value = asked.get("q") || "";
search.addEventListener("input", debounced(draw));
window.addEventListener("resize", debounced(draw, 200));
show(el("div", { class: "tools" }, el("label", {}, "search: eval, model", search)), place);
try { charts = (await getJson("/api/trends")).charts; draw(); } catch (error) { place.append(message(error.message, true)); }
