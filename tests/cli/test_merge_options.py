"""`evals merge`: options that cannot be used are refused like those of every command."""

from __future__ import annotations

import pytest

from evals.cli.main import main


@pytest.mark.parametrize("value", ["[", "2pt", "-1", "nan", ""])
def test_max_errors_is_a_count_or_a_fraction_also_when_shares_are_merged(tmp_path, capsys, value):
    with pytest.raises(SystemExit) as caught:
        main(["merge", str(tmp_path), f"--max-errors={value}"])
    assert caught.value.code == 2
    assert "needs a count such as 5, or a fraction such as 0.02" in capsys.readouterr().err
