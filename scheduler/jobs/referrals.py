"""The life of referrals as time passes: offers reminded and ended, GPs asked, waves of departures begun."""

from collections.abc import Callable

from sqlmodel import Session, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.referrals.bridge import ask_after_visits
from scheduler.referrals.departures import begin_waves
from scheduler.referrals.follow_up import ask_gps
from scheduler.referrals.unanswered import expire_offers, remind_offers
from scheduler.store.engine import Store
from scheduler.store.tables import Territory

ACTOR = "referrals"


def look_after_offers(store: Store, *, clock: Clock, offer_days: int) -> int:
    """End the offers whose time is over, remind of the others, offer those just seen to who saw them."""

    def visits(session: Session, actor: Actor) -> int:
        return ask_after_visits(session, actor, offer_days=offer_days, now=clock())

    return _everywhere(
        store,
        lambda session, actor: expire_offers(session, actor, now=clock()),
        lambda session, actor: remind_offers(session, actor, now=clock()),
        visits,
    )


def ask_and_begin(store: Store, *, clock: Clock) -> int:
    """Ask GPs about visits and follow-ups whose day has come, and begin the waves of departures."""
    return _everywhere(
        store,
        lambda session, actor: ask_gps(session, actor, now=clock()),
        lambda session, actor: begin_waves(session, actor, now=clock()),
    )


def _everywhere(store: Store, *works: Callable[[Session, Actor], int]) -> int:
    """Do each work in each territory, each in its own transaction; gives what they add up to."""
    with store.read() as session:
        territory_ids = sorted(one for one in session.exec(select(Territory.id)) if one is not None)
    done = 0
    for territory_id in territory_ids:
        for work in works:
            with store.write() as session:
                done += work(session, system_actor(ACTOR, territory_id))
    return done
