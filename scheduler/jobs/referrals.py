"""The life of referrals as time passes: offers reminded and ended, GPs asked, waves of departures begun."""

from collections.abc import Callable, Iterable
from functools import partial

from sqlmodel import Session, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.referrals.bridge import ask_after_visits, seen_lately
from scheduler.referrals.departures import begin_waves
from scheduler.referrals.follow_up import ask_gps
from scheduler.referrals.unanswered import any_half_way, any_over, expire_offers, remind_offers
from scheduler.store.engine import Store
from scheduler.store.tables import Territory

ACTOR = "referrals"

Work = Callable[[Session, Actor], int]

_TERRITORIES = select(Territory.id)


def look_after_offers(store: Store, *, clock: Clock, offer_days: int) -> int:
    """End the offers whose time is over, remind of the others, offer those just seen to who saw them."""
    now = clock()
    asked: tuple[tuple[Callable[..., object], Callable[..., int]], ...] = (
        (any_over, expire_offers),
        (any_half_way, remind_offers),
        (seen_lately, partial(ask_after_visits, offer_days=offer_days)),
    )

    def due(session: Session, actor: Actor) -> list[Work]:
        return [partial(work, now=now) for is_due, work in asked if is_due(session, actor, now=now)]

    return _everywhere(store, due)


def ask_and_begin(store: Store, *, clock: Clock) -> int:
    """Ask GPs about visits and follow-ups whose day has come, and begin the waves of departures."""
    works: list[Work] = [partial(ask_gps, now=clock()), partial(begin_waves, now=clock())]
    return _everywhere(store, lambda *_: works)


def _everywhere(store: Store, due: Callable[[Session, Actor], Iterable[Work]]) -> int:
    """Do in each territory the works that are due, each in its own transaction; gives what they add up to.

    What is due is asked without the writer's place, of which there is one: mostly nothing is.
    """
    with store.read() as session:
        territory_ids = sorted(one for one in session.exec(_TERRITORIES) if one is not None)
        actors = [system_actor(ACTOR, territory_id) for territory_id in territory_ids]
        works = [(actor, work) for actor in actors for work in due(session, actor)]
    done = 0
    for actor, work in works:
        with store.write() as session:
            done += work(session, actor)
    return done
