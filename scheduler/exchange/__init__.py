"""Files in, files out: spreadsheets of patients and practitioners become an instance, and proposals a file.

``tables`` reads any CSV or XLSX file into text cells; ``columns`` says what each cell must be;
``patients`` and ``practitioners`` are two lists of columns; ``instance`` puts them together.
"""

from scheduler.exchange.errors import BadTable, CellProblem, UnreadableFile
from scheduler.exchange.instance import Imported, import_instance
from scheduler.exchange.proposals import PROPOSAL_COLUMNS, write_proposals
from scheduler.exchange.tables import Dialect, Source

__all__ = [
    "PROPOSAL_COLUMNS",
    "BadTable",
    "CellProblem",
    "Dialect",
    "Imported",
    "Source",
    "UnreadableFile",
    "import_instance",
    "write_proposals",
]
