"""What the waiting list becomes when GPs leave, GPs arrive and patients keep coming."""

from matching.demography.events import Departure, Inflow, Opening, estimated_inflow
from matching.demography.outlook import LabelOutlook, MonthOutlook, Projection, Spread
from matching.demography.simulation import project

__all__ = [
    "Departure",
    "Inflow",
    "LabelOutlook",
    "MonthOutlook",
    "Opening",
    "Projection",
    "Spread",
    "estimated_inflow",
    "project",
]
