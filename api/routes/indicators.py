"""The report of the CPTS and the attestations of GPs, as the pages show them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import Attested, RunReader
from api.schemas.indicators import (
    AttestationOut,
    Month,
    Quarter,
    ReportOut,
    TrendsOut,
    attestation_out,
    report_out,
    trends_out,
)
from api.services import Here
from scheduler.indicators.attestations import attestations
from scheduler.indicators.figures import report, trends
from scheduler.indicators.periods import period_named

router = APIRouter(prefix="/api/v1/indicators", tags=["indicateurs"])


@router.get("")
def recent_quarters(actor: RunReader, here: Here) -> TrendsOut:
    """Read the figures of the last eight quarters that have ended."""
    with here.store.read() as session:
        return trends_out(trends(session, actor, now=here.clock()))


@router.get("/attestations")
def attested_hours(actor: Attested, here: Here, month: Annotated[Month, Query()]) -> list[AttestationOut]:
    """Read the hours each GP opened to patients of others in a month; a GP's own side reads theirs only."""
    with here.store.read() as session:
        found = attestations(session, actor, period_named(month))
    return [attestation_out(one) for one in found]


@router.get("/report")
def quarter_report(actor: RunReader, here: Here, quarter: Annotated[Quarter, Query()]) -> ReportOut:
    """Read the report on a quarter that has ended, every number with its definition."""
    with here.store.read() as session:
        return report_out(report(session, actor, period_named(quarter), now=here.clock()))
