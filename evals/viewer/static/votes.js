// What the file of votes holds. Names stand here and on no page where people vote.
import { el, getJson, message, show, table } from "./dom.js";

const HEADS = [{ text: "A" }, { text: "B" }, { text: "rater" }, { text: "votes", num: true }, { text: "A better", num: true }, { text: "B better", num: true }, { text: "ties", num: true }, { text: "both bad", num: true }, { text: "skipped", num: true }];

try {
  const found = await getJson("/api/votes");
  const rows = found.rows.map((one) => [one.model_a, one.model_b, one.rater,
    ...[one.n, one.a_better, one.b_better, one.ties, one.both_bad, one.skipped].map((n) => n.toLocaleString("en"))]);
  show(
    el("p", {}, "To vote, pick two runs of one eval in the list and choose Vote. Their answers are shown without names, in an order by chance."),
    rows.length ? table(`votes in ${found.file}`, HEADS, rows) : message(`No vote in ${found.file} yet.`),
    el("p", { class: "quiet small" }, `Win rates with intervals, and how far raters agree: evals preferences ${found.file}`));
} catch (error) {
  show(message(error.message, true));
}
