"""The JSON routes under ``/api/v1``: a signature, one use case each."""

from api.routes import (
    bookings,
    communes,
    directory,
    feeds,
    health,
    matching_runs,
    proposals,
    referrals,
    sessions,
    slots,
)

ROUTERS = (
    health.router,
    sessions.router,
    communes.router,
    directory.structures,
    directory.practitioners,
    referrals.router,
    matching_runs.router,
    proposals.router,
    feeds.router,
    slots.router,
    bookings.router,
)

LARGE_BODIES = (r"/api/v1/feeds/preview/file", r"/api/v1/feeds/\d+/file")
"""Patterns of the paths that take a calendar file."""
