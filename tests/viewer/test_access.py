"""Who may talk to the viewer, as a pure decision."""

from __future__ import annotations

import pytest

from evals.viewer.access import HEADERS, Rules, problem_of

RULES = Rules("secret-token", 4242)
COOKIE = "evals_viewer_4242=secret-token"
OURS = {"host": "127.0.0.1:4242", "cookie": COOKIE}


def problem(method: str = "GET", query: str = "", **headers: str) -> str | None:
    return problem_of(
        RULES, method, {**OURS, **{name.replace("_", "-"): value for name, value in headers.items()}}, query
    )


def test_a_request_with_the_cookie_or_the_token_is_served() -> None:
    assert problem() is None
    assert problem(query="token=secret-token", cookie="") is None
    assert problem(host="localhost:4242") is None


@pytest.mark.parametrize(
    "cookie", ["", "evals_viewer_4242=", "evals_viewer_4242=wrong", "evals_viewer_1=secret-token", "é"]
)
def test_without_the_token_nothing_is_served(cookie: str) -> None:
    assert "token" in str(problem(cookie=cookie))


@pytest.mark.parametrize(
    "host",
    ["evil.example:4242", "127.0.0.1", "127.0.0.1:80", "evil.example", "", "127.0.0.1:4242.evil.example", "[::1]:4242"],
)
def test_another_host_is_refused_as_after_dns_rebinding(host: str) -> None:
    assert "127.0.0.1 alone" in str(problem(host=host))


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:80", "https://127.0.0.1:4242", "http://localhost:4242"],
)
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    assert "other sites" in str(problem(origin=origin))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "INVENTED"])
def test_a_request_that_writes_needs_an_origin_of_ours(method: str) -> None:
    assert "own page" in str(problem(method))
    assert problem(method, origin="http://127.0.0.1:4242") is None
    assert "token" in str(problem(method, origin="http://127.0.0.1:4242", cookie=""))


def test_what_a_page_of_another_site_loads_is_refused_but_a_link_may_be_followed() -> None:
    assert "other sites" in str(problem(sec_fetch_site="cross-site", sec_fetch_mode="no-cors", sec_fetch_dest="script"))
    assert "other sites" in str(problem(sec_fetch_site="same-site", sec_fetch_mode="cors", sec_fetch_dest="empty"))
    assert "other sites" in str(
        problem(sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="iframe")
    )
    assert problem(sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document") is None


def test_the_policy_of_pages_allows_no_inline_script_and_no_other_origin() -> None:
    policy = HEADERS["content-security-policy"]
    assert not [word for word in ("unsafe", "http", "*") if word in policy]
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
