"""Evals that look odd and are legal: they pass `evals check`, and they run."""

from __future__ import annotations

import gzip
import json

import zstandard
from eval_places import (
    BOM,
    CODE,
    ENTRY,
    EXAMPLE,
    LEFT_OUT,
    PIXEL,
    ROW,
    RUBRIC,
    TOOL,
    Files,
    choice,
    entry,
    examples,
    image,
    messages,
    rows,
    rubric,
    user,
)  # fmt: skip


def zst(text: str) -> bytes:
    return zstandard.ZstdCompressor().compress(text.encode())


# fmt: off
ODD: dict[str, Files | tuple[Files, str]] = {
    "plain": entry(ENTRY), "comments": entry("# hi\n\n" + ENTRY + "# bye\n"), "crlf yaml": entry(ENTRY.replace("\n", "\r\n")), "bom yaml": entry(BOM + ENTRY), "crlf data": entry(ENTRY, ROW.replace("\n", "\r\n")), "bom data": entry(ENTRY, BOM + ROW),
    "document marker": entry("---\n" + ENTRY), "document end": entry("---\n" + ENTRY + "...\n"), "two documents": entry("---\n# nothing\n---\n" + ENTRY), "yaml directive": entry("%YAML 1.1\n---\n" + ENTRY),
    "metrics missing": entry(ENTRY.replace("  metrics: [accuracy]\n", "")), "metrics text": entry(ENTRY.replace("[accuracy]", "accuracy")), "metrics empty": entry(ENTRY.replace("[accuracy]", "[]")), "metrics null": entry(ENTRY.replace("[accuracy]", "")),
    "unknown key": entry(ENTRY.replace("  metrics", "  author: me\n  metrics")), "x- key": entry(ENTRY.replace("  metrics", "  x-author: me\n  metrics")), "description block": entry(ENTRY.replace("  metrics", "  description: |\n    a: b\n    # c\n  metrics")),
    "disclaimer": entry(ENTRY.replace("  metrics", "  disclaimer: none\n  metrics")),
    "json as yaml": {"reg/evals/t.yaml": json.dumps({"t": {"id": "t.dev.v0"}, "t.dev.v0": {"class": "evals.suite:Match", "args": {"samples_jsonl": "t.jsonl"}}}), "reg/data/t.jsonl": ROW},
    "flow style": entry("t: {id: t.dev.v0}\nt.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: t.jsonl}}\n"),
    "anchors": entry("x-base: &base {samples_jsonl: t.jsonl}\nt:\n  id: t.dev.v0\nt.dev.v0:\n  class: evals.suite:Match\n  args: *base\n"),
    "merge keys": entry("x-base: &base {samples_jsonl: t.jsonl}\nt:\n  id: t.dev.v0\nt.dev.v0:\n  class: evals.suite:Match\n  args:\n    <<: *base\n    max_tokens: 5\n"),
    "alias of an alias": entry("u:\n  id: t\n" + ENTRY), "alias as text": entry("t: t.dev.v0\n" + ENTRY[ENTRY.index("t.dev.v0:\n"):]), "no alias, spec named t.dev.v0": (entry(ENTRY[ENTRY.index("t.dev.v0:\n"):]), "t.dev.v0"),
    "name with dots": (entry(ENTRY.replace("t.dev.v0", "t.dev.x.y.v0")), "t"), "name unicode": (entry(ENTRY.replace("t:", "été:").replace("id: t.", "id: été.").replace("t.dev.v0:", "été.dev.v0:")), "été"), "name with dash": (entry(ENTRY.replace("t:\n", "t-1:\n",1).replace("t.dev", "t-1.dev")), "t-1"), "name with slash": (entry(ENTRY.replace("t:\n", "a/t:\n",1).replace("t.dev", "a/t.dev")), "a/t"), "name digits": (entry(ENTRY.replace("t:\n", "2024:\n",1).replace("t.dev", "2024.dev")), "2024"), "quoted names": entry(ENTRY.replace("t:\n", '"t":\n',1).replace("t.dev.v0:", "'t.dev.v0':")),
    "eval of two dots only": (entry(ENTRY.replace("t.dev.v0", "t.dev")), "t"),
    "file path class": entry(ENTRY.replace("evals.suite:Match", "evals.suite.match.match:Match")), "openai class": entry(ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.match:Match")), "openai includes": entry(ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.includes:Includes")), "openai fuzzy": entry(ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.fuzzy_match:FuzzyMatch"), '{"input": "q", "ideal": "Paris"}\n'),
    "args empty of a class without": {**entry("t:\n  id: t.dev.v0\nt.dev.v0:\n  class: evals.suite:TestMatch\n  args:\n")}, "args missing of a class without": entry("t:\n  id: t.dev.v0\nt.dev.v0:\n  class: evals.suite:TestMatch\n"),
    "null argument": entry(ENTRY + "    few_shot_jsonl: null\n"), "null number": entry(ENTRY + "    max_tokens:\n"), "seed free": entry(ENTRY),
    "gz": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.jsonl.gz"), "reg/data/t.jsonl.gz": gzip.compress(ROW.encode())}, "gz two members": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.jsonl.gz"), "reg/data/t.jsonl.gz": gzip.compress(ROW.encode()) * 2},
    "zst": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.jsonl.zst"), "reg/data/t.jsonl.zst": zst(ROW)}, "json array file": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.json"), "reg/data/t.json": json.dumps([json.loads(ROW)], indent=2)},
    "csv": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.csv"), "reg/data/t.csv": "input,ideal\nq,a\n"}, "csv bom crlf": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.csv"), "reg/data/t.csv": BOM + 'input,ideal\r\n"q, r",a\r\n'}, "tsv": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.tsv"), "reg/data/t.tsv": "input\tideal\nq\ta\n"},
    "csv semicolons": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.csv"), "reg/data/t.csv": "input;ideal\nq;a\n"}, "csv numbers": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.csv"), "reg/data/t.csv": "input,ideal\n1+1,2\n"}, "csv blank line": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "t.csv"), "reg/data/t.csv": "input,ideal\nq,a\n\n"},
    "folder of jsonl": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "d"), "reg/data/d/a.jsonl": ROW, "reg/data/d/b.jsonl": ROW.replace("q", "r")},
    "no newline at end": entry(ENTRY, ROW.strip()), "blank lines": entry(ENTRY, "\n" + ROW + "\n\n" + ROW.replace("q", "r") + "\n\n"), "spaces around": entry(ENTRY, "  " + ROW.strip() + "  \n"), "unicode separators": entry(ENTRY, '{"input": "q\u2028r\u0085s", "ideal": "a"}\n'), "escaped unicode": entry(ENTRY, '{"input": "\\u00e9\\n", "ideal": "a"}\n'), "long row": entry(ENTRY, json.dumps({"input": "q" * 300000, "ideal": "a"}) + "\n"),
    "relative path": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "./sub/t.jsonl"), "reg/data/sub/t.jsonl": ROW}, "path of the working folder": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "here.jsonl"), "here.jsonl": ROW}, "path with ..": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "../data/t.jsonl"), "reg/data/t.jsonl": ROW}, "path with blank": {"reg/evals/t.yaml": ENTRY.replace("t.jsonl", "my data/t.jsonl"), "reg/data/my data/t.jsonl": ROW},
    "extra columns": rows({"input": "q", "ideal": "a", "note": None, "n": 3, "tags": ["x"], "meta": {"a": 1}}), "ideal list": rows({"input": "q", "ideal": ["a", "b"]}), "input chat": messages(user("q")), "system empty": messages({"role": "system", "content": ""}, user("q")), "developer": messages({"role": "developer", "content": "x"}, user("q")), "example names": messages({"role": "system", "content": "x", "name": "example_user"}, user("q")), "assistant last": messages(user("q"), {"role": "assistant", "content": "x"}), "only system": messages({"role": "system", "content": "q"}),
    "tool call null content": messages(user("q"), {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "1", "content": "x"}), "parts": messages(user([{"type": "text", "text": "q"}])), "image data": image(PIXEL), "image url": image("https://example.com/x.png"), "image detail": messages(user([{"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}}])), "extra message keys": messages({"role": "user", "content": "q", "weight": 1}),
    "text list": rows({"input": ["q"], "ideal": "a"}), "tokens": rows({"input": [101, 7], "ideal": "a"}), "ideal with blanks": rows({"input": "q", "ideal": " a "}), "ideal '0'": rows({"input": "q", "ideal": "0"}), "same rows": rows({"input": "q", "ideal": "a"}, {"input": "q", "ideal": "a"}), "ids": rows({"id": "x", "input": "q", "ideal": "a"}, {"id": 7, "input": "r", "ideal": "b"}), "braces": rows({"input": "{x} {", "ideal": "}"}), "html": rows({"input": "<b>", "ideal": "&amp;"}), "rtl": rows({"input": "שלום", "ideal": "مرحبا"}),
    "extract number ideal": rows({"input": "q", "ideal": "1,234.5"}, cls="ExtractAnswer"), "extract template": rows({"input": "q", "ideal": "3", "unit": "m"}, cls="ExtractAnswer", template="{input} in {unit}"), "extract tolerance int": rows({"input": "q", "ideal": "3"}, cls="ExtractAnswer", tolerance=0), "extract num_few_shot 0": rows({"input": "q", "ideal": "3"}, cls="ExtractAnswer", num_few_shot=0),
    "input_key": rows({"question": "q", "answer": 3}, input_key="question", ideal_key="answer"), "prompt": rows({"question": "q", "answer": "a"}, prompt="Q: {question}", ideal_key="answer"), "prompts": rows({"question": "q", "answer": "a"}, prompts={"a": "{question}?"}, ideal_key="answer"), "id_key": rows({"no": 1, "input": "q", "ideal": "a"}, id_key="no"),
    "choice numbers as text": choice(choices=["1", "2"]), "choice labels": choice(labels=[1, 0], answer=LEFT_OUT), "choice 10": choice(choices=[f"c{i}" for i in range(10)]), "choice subject": choice(subject="x"), "choice equal wrong": choice(choices=["a", "b", "b"]),
    "few-shot": examples([EXAMPLE], 1), "few-shot fewer asked": examples([EXAMPLE, EXAMPLE], 1), "few-shot 0": examples([EXAMPLE], 0), "few-shot input ideal": examples([{"input": [user("x")], "ideal": "y"}], 1), "few-shot file unused": rows({"input": [user("q")], "ideal": "a"}, few_shot_jsonl="none.jsonl"),
    "openai few rows": {**examples([EXAMPLE], 3), "reg/evals/t.yaml": ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.match:Match") + "    num_few_shot: 3\n    few_shot_jsonl: s.jsonl\n"}, "openai key twice": entry(ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.match:Match") + "    samples_jsonl: t.jsonl\n"), "openai ideal []": entry(ENTRY.replace("evals.suite:Match", "evals.elsuite.basic.includes:Includes"), '{"input": "q", "ideal": ["a"]}\n'),
    "rubric from_n": rubric(choice_scores="from_strings", choice_strings=["1", "2"]), "rubric without scores": rubric(choice_scores=LEFT_OUT), "rubric choices text": rubric(choice_strings="YN", choice_scores={"Y": 1, "N": 0}), "rubric eval_type of the eval": {**rows({"input": "q"}, cls="ModelBasedClassify", modelgraded_spec="r", eval_type="cot_classify"), "reg/modelgraded/r.yaml": json.dumps({"r": {k: v for k, v in RUBRIC["r"].items() if k != "eval_type"}})}, "rubric chat": rubric(prompt=[user("{input} {completion}?")]), "rubric score negative": rubric(choice_scores={"Yes": 1, "No": -1}), "rubric one choice": rubric(choice_strings=["Yes"], choice_scores={"Yes": 1}),
    "rubric that asks of the chat": {**rows({"input": "q"}, cls="ModelBasedClassify", modelgraded_spec="r"), "reg/evals/t.yaml": "t:\n  id: t.dev.v0\nt.dev.v0:\n  class: evals.elsuite.modelgraded.classify:ModelBasedClassify\n  args: {samples_jsonl: t.jsonl, modelgraded_spec: r}\n", "reg/modelgraded/r.yaml": json.dumps({"r": {**RUBRIC["r"], "prompt": "Was it funny?"}})},
    "two files, one name": {**entry(ENTRY), "reg/evals/u.yaml": ENTRY}, "other file broken": {**entry(ENTRY), "reg/evals/broken.yaml": "x: [\n"}, "other file a list": {**entry(ENTRY), "reg/evals/list.yaml": "- a\n"}, "hidden file": {**entry(ENTRY), "reg/evals/.t.yaml": "x: [\n"}, "readme beside": {**entry(ENTRY), "reg/evals/README.md": "# hi\n"},
    "higher_is_better": entry(ENTRY.replace("metrics: [accuracy]", "higher_is_better: false")), "tags": entry(ENTRY.replace("metrics: [accuracy]", "tags: [a, b]")), "code stdin": rows({"question_content": "x", "x": 1, **CODE}, cls="PassAtK"),
    "tool no call": rows({**TOOL, "ideal": []}, cls="ToolCall"), "tool any": rows({**TOOL, "ideal": "any"}, cls="ToolCall"), "schema ideal": rows({"input": "q", "ideal": {"a": 1}}, cls="JsonSchema", schema={"type": "object"}), "json ideal list": rows({"input": "q", "ideal": ["[1]", "1"]}, cls="JsonMatch"),
}
# fmt: on
"A second part is the name of the eval."
