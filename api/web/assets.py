"""The style sheet, the script and the icon: addresses that change with the content, kept for ever."""

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.web.rendering import STATIC


class LastingFiles(StaticFiles):
    """Static files that browsers keep, because their address names their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give a file with a year of caching when its address carries a version."""
        answer = await super().get_response(path, scope)
        lasting = scope["query_string"].startswith(b"v=") and answer.status_code in {200, 304}
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return answer


def serve_assets(app: FastAPI) -> None:
    """Serve the static files of the pages under ``/static``."""
    app.mount("/static", LastingFiles(directory=STATIC), name="static")
