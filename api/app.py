"""The application, built from its settings: nothing exists before, nothing is global."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from api import web
from api.edge import Edge
from api.errors import answer_errors
from api.fhir.routes import router as fhir_router
from api.fhir.smart import router as smart_router
from api.logging import configure_logging
from api.openapi import PROBLEMS, DescribedApp
from api.reading import Readers
from api.routes import LARGE_BODIES, ROUTERS
from api.security import undeclared_routes
from api.services import Services
from scheduler.agenda.freshness import Limits, set_limits
from scheduler.clock import Clock, utc_now
from scheduler.jobs.start import start_jobs
from scheduler.referrals.addresses import set_public_url
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate

_DESCRIPTION = (
    "Relais : attribuer un médecin traitant, partager les créneaux de soins non programmés. "
    "Toute erreur est un document application/problem+json (RFC 9457) avec un « code » stable."
)
# Native telemetry would put query strings into spans
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def create_app(
    settings: Settings,
    store: Store | None = None,
    *,
    with_jobs: bool = False,
    clock: Clock = utc_now,
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings
        Everything an operator may set.
    store
        A database that stays the caller's to close; ``None`` = the one of the settings, closed with the
        application.
    with_jobs
        Whether what starts by the clock (reading calendars, ending offers) runs in this process too.
    clock
        Where the time is read.

    Returns
    -------
    An ASGI application; on start it brings the database to the schema of this version.
    """
    services = Services(
        settings=settings, store=store or Store.open(settings.store_url), clock=clock, readers=Readers()
    )
    set_limits(services.store, Limits.of(settings))
    set_public_url(services.store, settings.public_url)
    app = DescribedApp(
        title="Relais",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # both load scripts from another site
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        lifespan=_lifespan(services, owned=store is None, with_jobs=with_jobs),
    )
    app.state.services = services
    app.state.jobs = None
    answer_errors(app)
    large_bodies = (*LARGE_BODIES, *web.LARGE_BODIES)
    app.add_middleware(Edge, in_production=settings.in_production, large_bodies=large_bodies)
    app.router.routes.extend(_routes())
    web.mount_static(app)
    if open_routes := undeclared_routes(app):
        raise RuntimeError(f"routes without exactly one access rule: {', '.join(open_routes)}")
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Gather the routes, once for all applications of a process.

    They hold nothing of an application: what they need they find in its state. An application that
    included them itself would work out all their parameters again, which is nearly all it takes to build one.
    """
    gathering = FastAPI(openapi_url=None, telemetry=_NO_TELEMETRY)
    for router in ROUTERS:
        gathering.include_router(router, responses=PROBLEMS)
    gathering.include_router(fhir_router)
    gathering.include_router(smart_router)
    gathering.include_router(web.router)
    return tuple(gathering.routes)


def _lifespan(
    services: Services, *, owned: bool, with_jobs: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(services.settings)
        await run_in_threadpool(migrate, services.store)
        jobs = start_jobs(services.store, services.settings, clock=services.clock) if with_jobs else None
        app.state.jobs = jobs
        try:
            yield
        finally:
            await run_in_threadpool(services.workbench.stop)
            await run_in_threadpool(services.rereads.stop)
            if jobs:
                await run_in_threadpool(jobs.stop)
            if owned:
                services.store.close()

    return lifespan
