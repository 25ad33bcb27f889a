"""The two applications of intake, put together: the public one with pages and calls, and the relay. Everything is given."""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from whistle.errors import WhistleError
from whistle.intake.answers import not_found, refused, wrong_method
from whistle.intake.api import Api
from whistle.intake.files import Files
from whistle.intake.relay import DeskOnly, Relay
from whistle.web.listening import WrongHost
from whistle.web.static import StaticFile, respond


def public(api: Api, files: Files, site: Mapping[str, StaticFile], missing: StaticFile, names: Sequence[str]) -> ASGIApp:
    """Pages by their path, the calls, and one fixed document where there is nothing."""

    async def page(request: Request) -> Response:
        return respond(site[request.scope["path"]], request)

    def nothing(request: Request, error: Exception) -> Response:
        return respond(missing, request, 404) if request.method in ("GET", "HEAD") else not_found(request, error)

    routes = [*api.routes, *files.routes, *(Route(path, page, methods=["GET"]) for path in site)]
    handlers = {WhistleError: refused, 404: nothing, 405: wrong_method}
    return WrongHost(_application(routes, handlers), names)


def relay(relay: Relay, token_sha256: str) -> ASGIApp:
    """The calls of the desk, for whoever has its token."""
    return DeskOnly(_application(relay.routes, {WhistleError: refused, 404: not_found, 405: wrong_method}), token_sha256)


def _application(routes: list[Route], handlers: Mapping[object, object]) -> Starlette:
    application = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]
    application.router.redirect_slashes = False
    return application
