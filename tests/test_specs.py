"""The spec of a run: an id and a time of its own, whatever is given."""

from __future__ import annotations

import datetime
import re

from evals.specs import RunSpec


def spec() -> RunSpec:
    return RunSpec(["m"], "sums.dev.v0", "sums", "dev", {}, "", run_id="given", created_at="then")


def test_two_runs_never_share_an_id():
    assert len({spec().run_id for _ in range(1000)}) == 1000


def test_id_and_time_have_the_form_of_openai_evals():
    before = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    made = spec()
    after = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert re.fullmatch(r"\d{12}[A-Z2-7]{8}", str(made.run_id))
    created = datetime.datetime.fromisoformat(str(made.created_at))
    assert before <= created <= after
    assert str(made.run_id).startswith(created.strftime("%y%m%d%H%M%S"))
