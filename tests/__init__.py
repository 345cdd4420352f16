from . import test_backfill
from . import test_import
from . import test_invariants
from . import test_ledger
from . import test_report
from . import test_targets
