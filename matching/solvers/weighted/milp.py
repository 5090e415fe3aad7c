"""A region as a mixed-integer programme that minimises its loss."""

from dataclasses import dataclass

import numpy as np

from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.region import Region
