#!/usr/bin/env bash
# datasets 5.2.0 with pyarrow 26.0.1: `load_dataset("json")` turns a column of answer texts into datetimes where every
# answer looks like a date.
#
# The JSON reader of Arrow infers timestamps from quoted strings. JSON says that the value is a string; the row that comes
# back holds a datetime, whose text is "2021-01-05 00:00:00", so an exact match with the answer "2021-01-05" fails for
# every row. One row that looks otherwise keeps the whole column as text. Saying `features=` with `Value("string")` does
# not help: the reader infers first, and the text that comes back is that of the timestamp, "2021-01-05 00:00:00".
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'datasets==5.2.0' 'pyarrow==26.0.1'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import datetime
import json

import datasets
import pyarrow

datasets.disable_progress_bars()
print("datasets", datasets.__version__, "pyarrow", pyarrow.__version__)


def answers(name, rows, **options):
    with open(name, "w") as file:
        file.writelines(json.dumps({"question": f"q{i}", "answer": text}) + "\n" for i, text in enumerate(rows))
    found = datasets.load_dataset("json", data_files=name, split="train", cache_dir="cache", **options)["answer"]
    print(name, list(found))
    return list(found)


dates = ["2021-01-05", "1999-12-31"]
assert answers("dates.jsonl", dates) == [datetime.datetime(2021, 1, 5), datetime.datetime(1999, 12, 31)]
assert answers("mixed.jsonl", [*dates, "never"]) == [*dates, "never"]
text = datasets.Features({"question": datasets.Value("string"), "answer": datasets.Value("string")})
typed = answers("typed.jsonl", dates, features=text)
assert typed == [f"{date} 00:00:00" for date in dates]
PY
