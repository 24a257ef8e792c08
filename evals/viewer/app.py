"""The viewer as an ASGI application: its pages, and the data that they ask for as JSON."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from evals.errors import UsageError
from evals.forecasts.store import entries, folder_of
from evals.texts.safe_text import one_line
from evals.viewer.access import Guard, Rules
from evals.viewer.endpoints import NotThere, as_json, as_text, writes
from evals.viewer.forecast_rows import forecast_rows
from evals.viewer.index import IndexedRun, RecordIndex
from evals.viewer.live import LiveRecord
from evals.viewer.run_pages import MAX_RUNS, RunPages, page_policy
from evals.viewer.run_rows import progress_row, run_row, trends
from evals.viewer.shell import PAGES, page_html, static_files
from evals.viewer.vote_pages import Votes

MAX_LIVE = 32
"Growing records whose progress is kept; the one that was asked for longest ago is read anew."


class Viewer:
    """Answers for one folder of records."""

    def __init__(self, index: RecordIndex, votes: Votes) -> None:
        self._index = index
        self._votes = votes
        self._pages = RunPages()
        self._live: OrderedDict[str, LiveRecord] = OrderedDict()

    def run(self, run_id: str) -> IndexedRun:
        """The run of an id. Raises NotThere."""
        run = self._index.find(run_id)
        if run is None:
            raise NotThere("no run of this folder has this address; it may have been moved or deleted")
        return run

    def runs(self, request: Request) -> Any:
        """The list of runs."""
        return {"runs": [run_row(run, self._index.folder) for run in self._index.runs()]}

    def trends(self, request: Request) -> Any:
        """The scores of each eval over time."""
        return {"charts": trends(self._index.runs())}

    def running(self, request: Request) -> Any:
        """The progress of all runs that are running."""
        return {"runs": [self._progress(run) for run in self._index.runs() if run.is_running and _is_plain(run)]}

    def live(self, request: Request) -> Any:
        """The progress of one run."""
        run = self.run(request.path_params["run_id"])
        if not _is_plain(run):
            raise NotThere("a compressed record does not grow; open its page")
        return self._progress(run)

    def picked(self, request: Request) -> list[IndexedRun]:
        """The runs whose ids stand in the address with commas between them. Raises NotThere."""
        ids = list(dict.fromkeys(request.path_params["run_ids"].split(",")))
        if len(ids) > MAX_RUNS:
            raise UsageError(f"a page shows at most {MAX_RUNS} runs", fix="evals compare takes more")
        return [self.run(run_id) for run_id in ids]

    def run_page(self, request: Request) -> str:
        """The page of one run, or of several."""
        return self._pages.page(self.picked(request)).html

    def part(self, request: Request) -> str:
        """A part of such a page, which its script asks for."""
        part = self._pages.part(request.path_params["version"], request.path_params["name"])
        if part is None:
            raise NotThere("the record has changed, or the page is an old one: load it again")
        return part

    def votes(self, request: Request) -> Any:
        """What the file of votes holds."""
        return self._votes.summary()

    def next_pair(self, request: Request) -> Any:
        """The pair that a rater judges next."""
        return self._votes.next(self.picked(request), request.query_params.get("rater", ""))

    def cast_vote(self, request: Request, given: Mapping[str, Any]) -> Any:
        """Write a vote; the next pair."""
        return self._votes.cast(self.picked(request), given)

    def forecasts(self, request: Request) -> Any:
        """The forecasts of the folder that `evals forecast list` shows."""
        folder = folder_of(None)
        return {"folder": one_line(str(folder)), "forecasts": forecast_rows(entries(folder))}

    def _progress(self, run: IndexedRun) -> Any:
        live = self._live.setdefault(run.id, LiveRecord(run.path))
        self._live.move_to_end(run.id)
        while len(self._live) > MAX_LIVE:
            self._live.popitem(last=False)
        return progress_row(run, live.progress())


def _is_plain(run: IndexedRun) -> bool:
    return run.path.suffix != ".gz"


def make_app(index: RecordIndex, rules: Rules, votes: Votes) -> Guard:
    """The application. What it serves comes from the index alone, and only to requests that `rules` allow."""
    viewer = Viewer(index, votes)
    routes: list[BaseRoute] = [Route(path, _page(path, index)) for path in PAGES]
    routes += [
        Route("/static/{name}", _static),
        Route("/run/{run_ids}", as_text(viewer.run_page, "text/html", page_policy())),
        Route("/parts/{version}/{name}", as_text(viewer.part, "text/plain")),
        Route("/api/runs", as_json(viewer.runs)),
        Route("/api/trends", as_json(viewer.trends)),
        Route("/api/live", as_json(viewer.running)),
        Route("/api/live/{run_id}", as_json(viewer.live)),
        Route("/api/forecasts", as_json(viewer.forecasts)),
        Route("/api/votes", as_json(viewer.votes)),
        Route("/api/vote/{run_ids}", as_json(viewer.next_pair)),
        Route("/api/vote/{run_ids}", writes(viewer.cast_vote), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return Guard(app, rules)


def _page(path: str, index: RecordIndex) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        return Response(page_html(path, one_line(str(index.folder))), media_type="text/html")

    return page


async def _static(request: Request) -> Response:
    found = static_files().get(request.path_params["name"])
    if found is None:
        return Response("not found", 404, media_type="text/plain")
    return Response(found[0], media_type=found[1], headers={"cache-control": "no-cache"})
