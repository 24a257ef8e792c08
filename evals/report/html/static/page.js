/* Puts the page together: filters, keys, links to samples, the switch between light and dark. */

const panel = document.getElementById("sample");
const panelBody = document.getElementById("sample-body");
const panelTitle = document.getElementById("sample-title");
const searchBox = document.getElementById("search");
const help = document.getElementById("help");

async function openRow(row, keepFocus) {
  list.open = row;
  const place = list.view.indexOf(row);
  if (place >= 0) list.cursor = place;
  const repeat = repeatOf(row) ? `&repeat=${repeatOf(row)}` : "";
  history.replaceState(null, "", `#sample=${encodeURIComponent(idOf(row))}${repeat}`);
  panel.hidden = false;
  document.body.classList.add("is-open");
  const other = nameOf(row) === idOf(row) ? "" : ` (${idOf(row)})`;
  panelTitle.textContent = visible(nameOf(row) + other) + (repeatOf(row) ? `, repeat ${repeatOf(row)}` : "");
  panel.setAttribute("aria-busy", "true");
  const nodes = await sampleView(row);
  if (list.open !== row) return;
  panelBody.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  panel.removeAttribute("aria-busy");
  panel.scrollTop = 0;
  if (!keepFocus) panelTitle.focus({ preventScroll: true });
  drawRows();
}

function closeSample() {
  if (panel.hidden) return false;
  list.open = -1;
  panel.hidden = true;
  document.body.classList.remove("is-open");
  history.replaceState(null, "", location.pathname + location.search);
  drawRows();
  box.focus({ preventScroll: true });
  return true;
}

function moveTo(place) {
  if (!list.view.length) return;
  list.cursor = Math.max(0, Math.min(list.view.length - 1, place));
  const top = list.cursor * list.height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + list.height > box.scrollTop + box.clientHeight) box.scrollTop = top + list.height - box.clientHeight;
  drawRows();
  if (!panel.hidden) openRow(list.view[list.cursor], true);
}

const KEYS = {
  j: () => moveTo(list.cursor + 1),
  k: () => moveTo(list.cursor - 1),
  "/": () => (document.getElementById("samples").scrollIntoView(), searchBox.focus()),
  "?": () => help.showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    if (inField && event.target === searchBox && searchBox.value) setSearch("");
    else if (inField) event.target.blur();
    else closeSample();
    return;
  }
  if (inField) {
    if (event.key === "Enter" && event.target === searchBox && list.view.length) openRow(list.view[list.cursor]);
    return;
  }
  if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function onListKey(event) {
  const page = Math.max(1, Math.floor(box.clientHeight / list.height) - 1);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key in steps) {
    event.preventDefault();
    const step = steps[event.key];
    moveTo(Number.isFinite(step) ? list.cursor + step : step < 0 ? 0 : list.view.length - 1);
  } else if (event.key === "Enter" && list.view.length) {
    event.preventDefault();
    openRow(list.view[list.cursor]);
  }
}

function setSearch(text) {
  searchBox.value = text;
  wanted.query = text;
  searchAll(text.trim());
}

function setState(state) {
  wanted.state = wanted.state === state ? "" : state;
  for (const chip of document.querySelectorAll("[data-state]")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.state === wanted.state));
  }
  box.scrollTop = 0;
  list.cursor = 0;
  refilter();
}

function stateChips() {
  const names = [...data.verdicts, ...data.flags, ...(data.flips ? ["flipped", "rose", "fell"] : [])];
  const words = { rose: "became better", fell: "became worse", tools: "called tools" };
  const found = names.map((name) => [name, countOf(name)]).filter(([, n]) => n > 0);
  return found.map(([name, n]) => el("button", { type: "button", class: `chip ${name}`, "data-state": name, title: runs.length > 1 ? "in one of the runs or more" : null, "aria-pressed": "false", onclick: () => setState(name) }, words[name] || name, el("span", { class: "n" }, count(n))));
}

function countOf(state) {
  let n = 0;
  for (let row = 0; row < rows.n; row++) n += stateMatches(row, state) ? 1 : 0;
  return n;
}

function labelSelects() {
  const labels = {};
  for (const run of runs) {
    for (const [key, label] of Object.entries(run.index.labels)) {
      labels[key] = [...new Set([...(labels[key] || []), ...label.names])];
    }
  }
  const useful = Object.entries(labels).filter(([, names]) => names.length > 1 && names.length <= 1000);
  return useful.map(([key, names]) => {
    const options = names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => el("option", { value: name }, visible(name)));
    const select = el("select", { "aria-label": `only with this ${key}` }, el("option", { value: "" }, `any ${visible(key)}`), options);
    select.addEventListener("change", () => {
      if (select.value) wanted.labels[key] = select.value;
      else delete wanted.labels[key];
      box.scrollTop = 0;
      refilter();
    });
    return select;
  });
}

function sortSelect() {
  const names = Object.keys(SORTS).filter((name) => name !== "difference" || runs.length > 1);
  const select = el("select", { id: "sort", "aria-label": "order of the samples" }, names.map((name) => el("option", { value: name }, `by ${name}`)));
  select.addEventListener("change", () => {
    wanted.sort = select.value;
    refilter();
  });
  return select;
}

/* The row with this id, else with this name; -1 without one. */
function rowCalled(id, repeat) {
  const row = rows.key.indexOf(`${id}\n${repeat}`);
  if (row >= 0) return row;
  for (let other = 0; other < rows.n; other++) if (repeatOf(other) === repeat && nameOf(other) === id) return other;
  return -1;
}

/* Opens the sample that the address names: `#sample=ID`. */
function followLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  if (!link.has("sample")) return;
  const row = rowCalled(link.get("sample"), Number(link.get("repeat") || 0));
  if (row < 0) {
    status.textContent = `no sample is called ${visible(link.get("sample"))}`;
    return;
  }
  const place = list.view.indexOf(row);
  if (place >= 0) box.scrollTop = Math.max(0, (place - 3) * list.height);
  document.getElementById("samples").scrollIntoView();
  openRow(row);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("oaieval-theme", theme);
  } catch {
    /* a browser that keeps nothing for files still shows the page */
  }
}

function startTheme() {
  let theme = null;
  try {
    theme = localStorage.getItem("oaieval-theme");
  } catch {
    theme = null;
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  document.getElementById("theme").addEventListener("click", () => {
    const chosen = document.documentElement.dataset.theme;
    const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    setTheme(isDark ? "light" : "dark");
  });
}

/* A click on a heading sorts its table; numbers by value. */
function sortableTables() {
  for (const head of document.querySelectorAll("table.sortable th[scope=col]")) {
    const button = el("button", { type: "button", class: "sort" }, [...head.childNodes]);
    head.append(button);
    button.addEventListener("click", () => sortTable(head));
  }
}

function sortTable(head) {
  const table = head.closest("table");
  const place = [...head.parentNode.children].indexOf(head);
  const isDown = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  const valueOf = (line) => line.children[place].dataset.value ?? line.children[place].textContent;
  const lines = [...table.tBodies[0].rows].sort((a, b) => String(valueOf(a)).localeCompare(String(valueOf(b)), "en", { numeric: true }));
  const numbers = lines.every((line) => !Number.isNaN(Number(valueOf(line))));
  if (numbers) lines.sort((a, b) => Number(valueOf(a)) - Number(valueOf(b)));
  table.tBodies[0].append(...(isDown ? lines.reverse() : lines));
}

function measure() {
  let longest = 3;
  for (let row = 0; row < rows.n; row += Math.ceil(rows.n / 5000)) longest = Math.max(longest, shortId(row).length);
  document.documentElement.style.setProperty("--id-width", `${Math.min(28, longest) + 1}ch`);
  list.height = matchMedia("(max-width: 700px)").matches ? 58 : 34;
  document.documentElement.style.setProperty("--row", `${list.height}px`);
  refilter();
}

async function start() {
  startTheme();
  sortableTables();
  await loadStore();
  document.getElementById("chips").replaceChildren(...stateChips());
  document.getElementById("selects").replaceChildren(...labelSelects(), sortSelect());
  measure();
  addEventListener("resize", measure);
  addEventListener("hashchange", followLink);
  addEventListener("keydown", onKey);
  box.addEventListener("keydown", onListKey);
  box.addEventListener("scroll", () => requestAnimationFrame(drawRows), { passive: true });
  box.addEventListener("click", (event) => {
    const node = event.target.closest(".row");
    if (node) openRow(Number(node.dataset.row), true);
  });
  let waiting = 0;
  searchBox.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => setSearch(searchBox.value), 120);
  });
  document.getElementById("close").addEventListener("click", closeSample);
  document.getElementById("show-help").addEventListener("click", () => help.showModal());
  followLink();
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  status.textContent = `The samples could not be read: ${error.message}`;
});
