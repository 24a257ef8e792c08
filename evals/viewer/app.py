"""The viewer as an ASGI application: its pages, and the data that they ask for as JSON."""

from __future__ import annotations

import threading
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
from evals.viewer.endpoints import NotThere, Text, as_json, as_text, writes
from evals.viewer.forecast_rows import forecast_rows
from evals.viewer.index import IndexedRun, RecordIndex
from evals.viewer.label_pages import Labels
from evals.viewer.live import LiveRecord
from evals.viewer.run_pages import MAX_RUNS, RunPages, page_policy
from evals.viewer.run_rows import progress_row, run_row, trends
from evals.viewer.shell import PAGES, WAITING, Page, page_html, static_files
from evals.viewer.vote_pages import Votes

MAX_LIVE = 32
"Growing records whose progress is kept; the one that was asked for longest ago is read anew."


class Viewer:
    """Answers for one folder of records."""

    def __init__(self, index: RecordIndex, votes: Votes, labels: Labels) -> None:
        self._index = index
        self._votes = votes
        self._labels = labels
        self._pages = RunPages()
        self._live: OrderedDict[str, LiveRecord] = OrderedDict()
        self._live_lock = threading.Lock()

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
        return {"runs": [self._progress(run) for run in self._index.runs() if run.is_running and not run.is_packed]}

    def live(self, request: Request) -> Any:
        """The progress of one run."""
        run = self.run(request.path_params["run_id"])
        if run.is_packed:
            raise NotThere("a compressed record does not grow; open its page")
        return self._progress(run)

    def picked(self, request: Request) -> list[IndexedRun]:
        """The runs whose ids stand in the address with commas between them. Raises NotThere."""
        ids = list(dict.fromkeys(request.path_params["run_ids"].split(",")))
        if len(ids) > MAX_RUNS:
            raise UsageError(f"a page shows at most {MAX_RUNS} runs", fix="evals compare takes more")
        return [self.run(run_id) for run_id in ids]

    def run_page(self, request: Request) -> Text:
        """The page of one run, or of several; one that says that it is being made, where that takes seconds."""
        runs = self.picked(request)
        if self._pages.is_slow(runs):
            return Text(page_html(WAITING, one_line(str(self._index.folder))))
        return Text(self._pages.page(runs).html, page_policy())

    def make_page(self, request: Request) -> Any:
        """Make such a page, and say when it is made."""
        self._pages.page(self.picked(request))
        return {"made": True}

    def part(self, request: Request) -> Text:
        """A part of such a page, which its script asks for."""
        part = self._pages.part(request.path_params["version"], request.path_params["name"])
        if part is None:
            raise NotThere("the record has changed, or the page is an old one: load it again")
        return Text(part, media_type="text/plain")

    def votes(self, request: Request) -> Any:
        """What the file of votes holds."""
        return self._votes.summary()

    def next_pair(self, request: Request) -> Any:
        """The pair that a rater judges next."""
        return self._votes.next(self.picked(request), request.query_params.get("rater", ""))

    def cast_vote(self, request: Request, given: Mapping[str, Any]) -> Any:
        """Write a vote; the next pair."""
        return self._votes.cast(self.picked(request), given)

    def next_sample(self, request: Request) -> Any:
        """The sample that a rater labels next."""
        return self._labels.next(self.run(request.path_params["run_id"]), request.query_params.get("rater", ""))

    def give_label(self, request: Request, given: Mapping[str, Any]) -> Any:
        """Write a label; the next sample."""
        return self._labels.give(self.run(request.path_params["run_id"]), given)

    def forecasts(self, request: Request) -> Any:
        """The forecasts of the folder that `evals forecast list` shows."""
        folder = folder_of(None)
        return {"folder": one_line(str(folder)), "forecasts": forecast_rows(entries(folder))}

    def _progress(self, run: IndexedRun) -> Any:
        with self._live_lock:
            live = self._live.setdefault(run.id, LiveRecord(run.path))
            self._live.move_to_end(run.id)
            while len(self._live) > MAX_LIVE:
                self._live.popitem(last=False)
        return progress_row(run, live.progress())


def make_app(index: RecordIndex, rules: Rules, votes: Votes, labels: Labels) -> Guard:
    """The application. What it serves comes from the index alone, and only to requests that `rules` allow."""
    viewer = Viewer(index, votes, labels)
    routes: list[BaseRoute] = [Route(path, _page(page, index)) for path, page in PAGES.items()]
    routes += [
        Route("/static/{name}", _static),
        Route("/run/{run_ids}", as_text(viewer.run_page)),
        Route("/api/page/{run_ids}", as_json(viewer.make_page)),
        Route("/parts/{version}/{name}", as_text(viewer.part)),
        Route("/api/runs", as_json(viewer.runs)),
        Route("/api/trends", as_json(viewer.trends)),
        Route("/api/live", as_json(viewer.running)),
        Route("/api/live/{run_id}", as_json(viewer.live)),
        Route("/api/forecasts", as_json(viewer.forecasts)),
        Route("/api/label/{run_id}", as_json(viewer.next_sample)),
        Route("/api/label/{run_id}", writes(viewer.give_label), methods=["POST"]),
        Route("/api/votes", as_json(viewer.votes)),
        Route("/api/vote/{run_ids}", as_json(viewer.next_pair)),
        Route("/api/vote/{run_ids}", writes(viewer.cast_vote), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return Guard(app, rules)


def _page(shown: Page, index: RecordIndex) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        return Response(page_html(shown, one_line(str(index.folder))), media_type="text/html")

    return page


async def _static(request: Request) -> Response:
    found = static_files().get(request.path_params["name"])
    if found is None:
        return Response("not found", 404, media_type="text/plain")
    return Response(found[0], media_type=found[1], headers={"cache-control": "no-cache"})
