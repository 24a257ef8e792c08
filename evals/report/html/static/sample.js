/* Shows one sample: the prompt as turns, what the model thought and answered, what was expected, how it was judged. */

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return known.length ? el("dl", { class: "facts" }, known.map(([name, value]) => [el("dt", {}, name), el("dd", {}, visible(String(value)))])) : null;
}

function part(value, role) {
  if (typeof value === "string") return textBox(value);
  if (value.picture) return el("img", { src: value.picture, alt: `picture in the turn of ${role}`, class: "picture" });
  if (value.call) return toolCall(value.call);
  return el("p", { class: "file" }, oneLine(value.file, 400));
}

function toolCall(call) {
  let text = call.arguments;
  try {
    text = JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    /* a model may call with what is no JSON: shown as it came */
  }
  return el("div", { class: "tool" }, el("p", { class: "label" }, "calls ", el("code", {}, oneLine(call.name, 200)), call.id ? ` (${oneLine(call.id, 60)})` : ""), textBox(text, "code"));
}

function turnBox(turn) {
  const role = oneLine(turn.role, 60);
  const kind = /assistant/.test(role) ? "assistant" : /system|developer/.test(role) ? "system" : /tool|function/.test(role) ? "tool-turn" : "user";
  const head = turn.answers ? `${role}, answers ${oneLine(turn.answers, 60)}` : role;
  return el("section", { class: `turn ${kind}` }, el("h3", { class: "part" }, head), turn.parts.map((one) => part(one, role)));
}

/* The turns of a prompt; worked examples, and what an earlier call has shown, are folded. */
function turnList(turns, nBefore) {
  const found = [];
  let i = 0;
  if (nBefore) {
    found.push(folded(`${plural(nBefore, "turn")} as in the call before`, turns.slice(0, nBefore)));
    i = nBefore;
  }
  while (i < turns.length) {
    if (!turns[i].example) {
      found.push(turnBox(turns[i++]));
      continue;
    }
    let end = i;
    while (end < turns.length && turns[end].example) end++;
    found.push(folded(plural(turns[i].n_examples || end - i, "few-shot example"), turns.slice(i, end)));
    i = end;
  }
  return found;
}

function folded(words, turns) {
  const box = el("details", { class: "folded" }, el("summary", {}, words));
  box.addEventListener("toggle", () => {
    if (box.open && box.childElementCount === 1) box.append(...turns.map(turnBox));
  });
  return box;
}

function sameStart(turns, before) {
  let n = 0;
  while (before && n < turns.length - 1 && n < before.length && JSON.stringify(turns[n]) === JSON.stringify(before[n])) n++;
  return n >= 2 ? n : 0;
}

function completionBox(completion, place, n) {
  const reasons = completion.finish_reasons;
  const name = n > 1 ? `completion ${place + 1} of ${n}` : "completion";
  const cut = reasons && reasons !== "stop" ? el("span", { class: "badge" }, reasons === "length" ? "cut off at its limit on tokens" : oneLine(reasons, 60)) : null;
  return el(
    "section",
    { class: "turn assistant answer" },
    el("h3", { class: "part" }, name, cut),
    completion.reasoning ? el("details", { class: "reasoning", open: true }, el("summary", {}, "reasoning"), textBox(completion.reasoning)) : null,
    completion.text || !completion.tool_calls ? textBox(completion.text) : null,
    (completion.tool_calls || []).map(toolCall),
    completion.answers !== undefined ? [el("p", { class: "label" }, "answer that was read"), textBox(completion.answers)] : null,
  );
}

function optionTable(options) {
  const best = Math.max(...options.map(([, logp]) => (typeof logp === "number" ? logp : -Infinity)));
  const body = options.map(([text, logp]) =>
    el("tr", { class: logp === best ? "best" : null }, el("td", {}, textBox(typeof text === "string" ? text : JSON.stringify(text))), el("td", { class: "number" }, shortNumber(logp)), el("td", { class: "number" }, typeof logp === "number" ? (100 * Math.exp(logp)).toFixed(1) + " %" : "")),
  );
  return el("table", { class: "options" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "text"), el("th", { scope: "col", class: "number" }, "log probability (nats)"), el("th", { scope: "col", class: "number" }, "probability"))), el("tbody", {}, body));
}

function callFacts(call) {
  const usage = call.usage || {};
  const tokensIn = usage.prompt_tokens ?? usage.input_tokens;
  const tokensOut = usage.completion_tokens ?? usage.output_tokens;
  const tokens = tokensIn === undefined || tokensOut === undefined ? null : `${count(tokensIn)} in, ${count(tokensOut)} out`;
  return facts([
    ["model", call.model],
    ["tokens", tokens],
    ["latency", call.latency_s === undefined ? null : `${shortNumber(call.latency_s)} s`],
    ["cost", call.cost_usd ? `$${shortNumber(call.cost_usd)}` : null],
    ["cached", call.cached ? "yes" : null],
    ["request", call.request ? JSON.stringify(call.request) : null],
  ]);
}

function callBox(call, place, calls, skipPrompt) {
  const before = place ? calls[place - 1].turns : null;
  const completions = call.completions || [];
  return [
    calls.length > 1 ? el("h3", { class: "call" }, `call ${place + 1} of ${calls.length}`, call.failed ? el("span", { class: "badge" }, "failed") : null) : null,
    skipPrompt ? null : turnList(call.turns, sameStart(call.turns, before)),
    completions.map((one, i) => completionBox(one, i, completions.length)),
    call.options ? el("section", { class: "turn assistant answer" }, el("h3", { class: "part" }, "scored texts"), optionTable(call.options)) : null,
    callFacts(call),
  ];
}

/* right or wrong, in the word of the event; a share counts as neither. */
function markOf(verdict) {
  const found = verdict.correct ?? verdict.passed ?? verdict.status;
  if (found === true || found === 1 || found === "passed") return "right";
  if (found === false || found === 0 || found === "failed") return "wrong";
  return typeof found === "string" ? oneLine(found, 30) : typeof found === "number" ? `${shortNumber(found)} right` : null;
}

function verdictBox(verdict) {
  const { by, ...said } = verdict;
  const long = Object.entries(said).filter(([, value]) => typeof value === "string" && value.length > 60);
  const isShown = (key) => by === "match" && ["correct", "expected", "picked"].includes(key);
  const short = Object.entries(said).filter(([key, value]) => value !== null && !isShown(key) && !long.some(([name]) => name === key));
  const mark = markOf(verdict);
  return el(
    "section",
    { class: "verdict" },
    el("h3", { class: "part" }, by, mark ? el("span", { class: `badge ${mark}` }, mark) : null),
    facts(short.map(([key, value]) => [key, typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? shortNumber(value) : value])),
    long.filter(([key]) => !isShown(key)).map(([key, value]) => [el("p", { class: "label" }, key), textBox(value)]),
  );
}

function resultBox(detail) {
  const metrics = Object.entries(detail.metrics || {}).map(([key, value]) => [key, typeof value === "number" ? shortNumber(value) : JSON.stringify(value)]);
  return [
    detail.error ? el("section", { class: "turn error" }, el("h3", { class: "part" }, "error, not scored: ", oneLine(detail.error.type || "error", 80)), textBox(String(detail.error.message || "")), facts(Object.entries(detail.error).filter(([key]) => key !== "type" && key !== "message").map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]))) : null,
    detail.completion !== undefined ? el("section", { class: "turn assistant answer" }, el("h3", { class: "part" }, "completion"), textBox(detail.completion)) : null,
    detail.expected !== undefined ? el("section", { class: "turn expected" }, el("h3", { class: "part" }, "expected"), textBox(detail.expected)) : null,
    detail.picked !== undefined ? el("section", { class: "turn picked" }, el("h3", { class: "part" }, "picked from the completion"), textBox(detail.picked)) : null,
    (detail.verdicts || []).map(verdictBox),
    detail.usage || detail.latency_s !== undefined ? el("section", { class: "verdict" }, el("h3", { class: "part" }, "all calls"), callFacts(detail)) : null,
    metrics.length ? el("section", { class: "verdict" }, el("h3", { class: "part" }, "metrics"), facts(metrics)) : null,
    eventList(detail.events || []),
  ];
}

function eventList(events) {
  const box = el("details", { class: "folded" }, el("summary", {}, plural(events.length, "event")));
  box.addEventListener("toggle", () => {
    if (box.open && box.childElementCount === 1) {
      box.append(el("ol", { class: "events" }, events.map(([type, value]) => el("li", {}, el("p", { class: "label" }, oneLine(type, 60)), textBox(value, "code")))));
    }
  });
  return box;
}

function runBox(detail, skipPrompt) {
  const calls = detail.calls || [];
  return [calls.map((call, i) => callBox(call, i, calls, skipPrompt && i === 0)), resultBox(detail)];
}

function stateBadges(r, i) {
  const verdict = verdictOf(r, i);
  const score = runs[r].index.scores[i];
  const shown = verdict === "partly" || verdict === "unscored" || (score !== 0 && score !== 1) ? score : null;
  return [el("span", { class: `badge ${verdict}` }, verdict), shown === null ? null : el("span", { class: "badge" }, `score ${shortNumber(shown)}`), flagsOf(r, i).map((flag) => el("span", { class: "badge" }, flag))];
}

/* Everything on one sample; of several runs side by side, with a prompt that they share shown once. */
async function sampleView(row) {
  const present = runs.map((_, r) => r).filter((r) => rows.at[r][row] >= 0);
  const details = await Promise.all(present.map((r) => detailOf(r, rows.at[r][row])));
  const labels = Object.entries(details[0].labels || {}).map(([key, value]) => [key, String(value)]);
  const head = el("div", { class: "about" }, facts(labels));
  if (runs.length === 1) return [el("p", { class: "badges" }, stateBadges(0, rows.at[0][row])), head, runBox(details[0], false)];
  const prompts = details.map((detail) => JSON.stringify(((detail.calls || [])[0] || { turns: [] }).turns));
  const isShared = details.length > 1 && prompts.every((prompt) => prompt === prompts[0]);
  const columns = present.map((r, place) => el("div", { class: "column" }, el("h3", {}, runs[r].name, " ", stateBadges(r, rows.at[r][row])), runBox(details[place], isShared)));
  const missing = runs.length - present.length ? el("p", { class: "nothing" }, `Not in: ${runs.filter((_, r) => !present.includes(r)).map((run) => run.name).join(", ")}`) : null;
  return [head, missing, isShared ? turnList(JSON.parse(prompts[0]), 0) : null, el("div", { class: "columns" }, columns)];
}
