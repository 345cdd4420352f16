from . import test_backfill, test_invariants, test_ledger
