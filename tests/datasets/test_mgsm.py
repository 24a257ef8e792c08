"""MGSM as rows."""

from __future__ import annotations

from data_files import put


def test_mgsm_rows_pair_the_languages_and_keep_quotes(tmp_path):
    from evals.datasets.mgsm import rows

    path = put(tmp_path / "mgsm_de.tsv", b'Er sagt "drei".\t3\nWie viele?\t5,600\n')
    assert [row.row for row in rows(path)] == [
        {
            "input": [{"role": "user", "content": 'Er sagt "drei".'}],
            "ideal": "3",
            "question": 'Er sagt "drei".',
            "language": "de",
            "problem": 1,
        },
        {
            "input": [{"role": "user", "content": "Wie viele?"}],
            "ideal": "5600",
            "question": "Wie viele?",
            "language": "de",
            "problem": 2,
        },
    ]
