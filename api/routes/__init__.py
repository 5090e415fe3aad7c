"""The JSON routes under ``/api/v1``: a signature, one use case each."""

from api.routes import (
    agenda_rules,
    bookings,
    by_hand,
    care,
    communes,
    conflicts,
    counters,
    directory,
    feeds,
    health,
    indicators,
    matching_runs,
    offers,
    policies,
    proposals,
    published,
    reasons,
    referrals,
    sessions,
    slots,
    studies,
)

ROUTERS = (
    slots.router,  # first: routers are tried in turn, and these are asked for while a patient is on the line
    bookings.router,
    agenda_rules.router,
    conflicts.router,
    by_hand.router,
    counters.router,
    referrals.router,
    sessions.router,
    communes.router,
    matching_runs.router,
    proposals.router,
    offers.router,
    policies.router,
    reasons.router,
    studies.router,
    indicators.router,
    feeds.router,
    care.health,
    care.router,
    care.offers,
    care.rules,
    care.mails,
    published.router,
    published.calendars,
    directory.practitioners,
    directory.structures,
    health.router,
)

LARGE_BODIES = (r"/api/v1/feeds/preview/file", r"/api/v1/feeds/\d+/file")
"""Patterns of the paths that take a calendar file."""
