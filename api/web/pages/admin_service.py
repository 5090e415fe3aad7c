"""How the service fares: checks, calendars, jobs, settings in force. Nothing is changed here."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.health import examine
from api.web import admin_words
from api.web.errors import PageRoute
from api.web.guests import AdminHere
from scheduler.agenda.kept import kept_feeds
from scheduler.jobs.health import jobs_health
from scheduler.jobs.records import last_runs
from scheduler.jobs.start import late_after
from scheduler.settings import shown_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_NUM_RUNS = 30


@router.get("/administration/service")
def service(guest: AdminHere) -> HTMLResponse:
    """Show the checks and the settings in force, of secrets only whether there are any."""
    return guest.page(
        "admin_service.html",
        checks=[(check, *admin_words.CHECKS[check.state]) for check in examine(guest.here).checks],
        settings=shown_settings(guest.here.settings),
    )


@router.get("/administration/agendas")
def feeds(guest: AdminHere) -> HTMLResponse:
    """Show every calendar of the territory with its last reading, those in trouble first."""
    with guest.here.store.read() as session:
        kept = kept_feeds(session, guest.actor)
    kept.sort(key=lambda one: (-one.feed.num_failures, one.practitioner.family_name))
    return guest.page("admin_feeds.html", feeds=kept)


@router.get("/administration/taches")
def jobs(guest: AdminHere) -> HTMLResponse:
    """Show each job with its last success, and the last runs."""
    here = guest.here
    with here.store.read() as session:
        found = jobs_health(session, late_after(here.store, here.settings))
        runs = last_runs(session, limit=_NUM_RUNS)
    return guest.page(
        "admin_jobs.html",
        holder=found.holder,
        jobs=[(job, job.is_late(guest.now)) for job in found.jobs],
        runs=[(run, *admin_words.JOB_STATES[run.state]) for run in runs],
    )
