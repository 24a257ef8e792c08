"""Lines of a record: any text and value, no bare NaN, no hidden field and no secret."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from small_records import lines_of, run_spec

from evals import record
from evals.json_text import jsondumps
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.secrets import register_secret


class TestValues:
    @pytest.mark.parametrize(
        "text", ["\u2028\u2029\x85", "\ud800 alone", "Zoë 数学 🦆", "\x00\x1b[31m", '"\\\n\r\t', "x" * 10_000_000]
    )
    def test_any_text_comes_back_as_it_was(self, recorder, text):
        with recorder.sample("sums.test.0") as scope:
            record.record_sampling("1+1=", [text])
            scope.commit()
        (event,) = recorder.get_events("sampling")
        assert event.data["sampled"] == [text]

    def test_non_ascii_letters_stay_readable_in_the_file(self, recorder, path):
        recorder.record_event("extra", "数学", sample_id="x")
        assert "数学".encode() in path.read_bytes()

    def test_values_that_json_does_not_know_become_what_they_stand_for(self, recorder, path):
        import numpy
        from pydantic import BaseModel

        class Usage(BaseModel):
            tokens: int

        @dataclasses.dataclass
        class Point:
            x: float
            usage: Usage

        circle: list = []
        circle.append(circle)
        recorder.record_event(
            "extra",
            {
                "point": Point(math.inf, Usage(tokens=3)),
                "path": Path("a/b"),
                "float32": numpy.float32(0.5),
                "array": numpy.array([1, 2]),
                "set": {7},
                (1, 2): "a tuple as key",
                "function": len,
            },
            sample_id="x",
        )
        assert lines_of(path)[-1]["data"] == {
            "point": {"x": None, "usage": {"tokens": 3}},
            "path": "a/b",
            "float32": 0.5,
            "array": [1, 2],
            "set": [7],
            "(1, 2)": "a tuple as key",
            "function": "<built-in function len>",
        }
        recorder.record_event("extra", circle, sample_id="x")
        assert read_record(path).n_broken_lines == 0

    def test_no_bare_nan_reaches_the_file(self, recorder, path):
        recorder.record_event("metrics", {"a": math.nan, "b": [-math.inf]}, sample_id="x")
        last = path.read_text().splitlines()[-1]
        assert json.loads(last, parse_constant=pytest.fail)["data"] == {"a": None, "b": [None]}

    def test_hidden_fields_are_left_out_at_every_depth_and_the_sample_is_not_touched(self, path):
        recorder = LocalRecorder(path, run_spec(), ["customer"])
        row = {"input": "hi", "customer": "A", "turns": [{"customer": "B", "text": "ho"}]}
        with recorder.sample("x") as scope:
            record.record_raw(row)
            record.record_event("extra", {"nested": ({"customer": "C"},)})
            scope.commit({"customer": "D", "group": "g"})
        events = lines_of(path)[1:]
        assert events[0]["data"] == {"input": "hi", "turns": [{"text": "ho"}]}
        assert events[-1]["data"] == {"nested": [{}]}
        assert events[-1]["labels"] == {"group": "g"}
        assert row["customer"] == "A"
        recorder.close()

    @pytest.mark.parametrize("secret", ["sk-planted-key-0123", 'odd"key\\with-quotes', "1234567890"])
    def test_a_known_secret_never_reaches_the_file(self, path, secret):
        register_secret(secret)
        spec = run_spec()
        spec.run_config["command"] = f"oaieval --completion_args api_key={secret}"
        recorder = LocalRecorder(path, spec)
        with recorder.sample("x") as scope:
            record.record_sampling(f"my key is {secret}", ["ok"], number=0.1234567890)
            scope.fail({"message": f"bad key {secret}"}, {"group": secret})
        recorder.record_final_report({"note": secret})
        text = path.read_text()
        assert secret not in text
        assert jsondumps(secret)[1:-1] not in text.replace("0.123456789", "")
        assert lines_of(path)[1]["data"]["prompt"] == "my key is ***"
        recorder.close()
