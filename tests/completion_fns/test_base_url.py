"""Base URLs: what is accepted, and what of them is shown."""

from __future__ import annotations

import pytest

from evals.completion_fns.base_url import checked_base_url, host_of, secrets_of, shown_url
from evals.errors import UsageError


def test_parts_of_a_url():
    url = "https://user:hush@gate.test:8443/v1/?token=quiet"
    assert host_of(url) == "gate.test:8443"
    assert shown_url(url) == "https://gate.test:8443/v1"
    assert secrets_of(url) == ["hush", "quiet"]


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        (" http://x.test/v1/ ", "http://x.test/v1"),
        ("https://x.test", "https://x.test"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://user:pw@x.test/v1?a=b", "http://user:pw@x.test/v1?a=b"),
    ],
)
def test_white_space_and_the_final_slash_are_cut_off(given: str, checked: str):
    assert checked_base_url(given) == checked


@pytest.mark.parametrize(
    "given", ["", "x.test/v1", "ftp://x.test", "http://", "http://x.test:port", "http://x.test:0", "http://[::1"]
)
def test_what_is_no_http_url_is_refused_with_an_example(given: str):
    with pytest.raises(UsageError, match="is no http or https URL") as caught:
        checked_base_url(given)
    assert "http://localhost:8000/v1" in str(caught.value)
