"""The functions of openai/evals that read records."""

from __future__ import annotations

import pytest
from small_records import THEIRS, write_record

from evals.record.extracts import (
    extract_final_results,
    extract_individual_results,
    extract_spec,
    get_final_results_from_dir,
    get_specs_from_dir,
)


class TestTheirLogFunctions:
    def test_they_find_spec_report_and_events_in_both_kinds_of_record(self, tmp_path):
        theirs, ours = tmp_path / "theirs.log", tmp_path / "deep" / "ours.log"
        theirs.write_text(THEIRS)
        write_record(ours)
        assert extract_spec(theirs)["eval_name"] == "e.s.v0"
        assert extract_final_results(str(theirs))["accuracy"] == 0.5
        assert [data["correct"] for data in extract_individual_results(ours, "match")] == [False, True, False]
        assert extract_individual_results(theirs) == []
        assert set(get_final_results_from_dir(tmp_path)) == set(get_specs_from_dir(str(tmp_path))) == {theirs, ours}

    def test_a_run_that_did_not_end_has_no_final_results(self, path):
        write_record(path, report=False)
        with pytest.raises(ValueError, match="final_report"):
            extract_final_results(path)
