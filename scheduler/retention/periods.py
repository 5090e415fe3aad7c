"""After how long a file that is over is set aside, and erased."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler.clock import start_of_day
from scheduler.referrals.follow_up import months_after
from scheduler.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The three lengths of time, counted in whole days from the last change of a file that is over.

    Parameters
    ----------
    active_months
        In use: a patient who comes back, or a mistake, is seen to without starting again.
    archive_months
        Then set aside: hidden from all but who answers patients about their rights.
    withdrawn_days
        A file whose consent was withdrawn is hidden at once, and erased after so many days.

    References
    ----------
    RGPD, article 5(1)(e): kept no longer than necessary; loi n° 78-17, article 4, 5°. Article 17(1)(b):
    erased when consent is withdrawn; article 12(3): within one month. The lengths of 5 and 15 years of the
    CNIL's référentiel for practices (délibération n° 2020-081 of 18 June 2020) are those of medical records,
    which this is not. Three and twelve months are a proposal: the DPO of the CPTS confirms or changes them.
    """

    active_months: int = 3
    archive_months: int = 12
    withdrawn_days: int = 30

    @classmethod
    def of(cls, settings: Settings) -> "Retention":
        """Read the lengths an operator has set."""
        return cls(
            active_months=settings.retention_active_months,
            archive_months=settings.retention_archive_months,
            withdrawn_days=settings.retention_withdrawn_days,
        )

    def cutoffs(self, today: date, zone: str) -> "Cutoffs":
        """Say since when a file must not have changed, as of a day of a territory."""
        return Cutoffs(
            set_aside=_end_of(months_after(today, -self.active_months), zone),
            erase=_end_of(months_after(today, -self.active_months - self.archive_months), zone),
            withdrawn=_end_of(today - timedelta(days=self.withdrawn_days), zone),
            unanswered=_end_of(months_after(today, -self.active_months - _FOLLOW_UP_MONTHS), zone),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """Instants: what last changed before one is due.

    Parameters
    ----------
    unanswered
        For a declaration whose follow-up was never answered: a year later it is over all the same.
    """

    set_aside: datetime
    erase: datetime
    withdrawn: datetime
    unanswered: datetime


_FOLLOW_UP_MONTHS = 12


def _end_of(on: date, zone: str) -> datetime:
    return start_of_day(on + timedelta(days=1), zone)
