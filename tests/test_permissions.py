"""Who may do what with whose row, for every model of ours, against ``permissions.csv``.

The table is made anew with ``SFC_WRITE_PERMISSIONS=1`` and then read by a person: each line is a
model and the owner of a row, each column a reader, each cell what the reader may do with the row:
c(reate), r(ead), w(rite), d(elete).
"""

import csv
import io
import os
from difflib import unified_diff
from pathlib import Path

from odoo.exceptions import MissingError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .owned_rows import OwnedRows

TABLE = Path(__file__).with_name("permissions.csv")
READERS = (
    "salesperson",
    "leader",
    "all_documents",
    "manager",
    "administrator",
    "employee",
    "portal",
    "public",
    "other_manager",
)
LETTERS = {"c": "create", "r": "read", "w": "write", "d": "unlink"}


@tagged("post_install", "-at_install")
class TestPermissions(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owned = OwnedRows(cls.env).fill()
        cls.cells = {
            (name, owner): {reader: cls._may(row, reader) for reader in READERS}
            for name, owner, row in cls.owned.owned()
        }

    @classmethod
    def _may(cls, row, reader):
        """The letters of what ``reader`` may do with ``row``; “?” when there is no such row."""
        if not row:
            return "?"
        row = row.with_user(cls.owned.people[reader])
        with mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model"):
            try:
                letters = [letter for letter, word in LETTERS.items() if row.has_access(word)]
            except MissingError:
                # A report that leaves the row out for this reader.
                letters = []
        return "".join(letters) or "-"

    def test_table(self):
        """What is allowed is what ``permissions.csv`` says."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["model", "row of", *READERS])
        writer.writerows(
            [name, owner, *cells.values()] for (name, owner), cells in self.cells.items()
        )
        if os.environ.get("SFC_WRITE_PERMISSIONS"):
            TABLE.write_text(text.getvalue())
        changes = unified_diff(
            TABLE.read_text().splitlines(), text.getvalue().splitlines(), "table", "allowed", n=0
        )
        self.assertEqual([*changes], [], "Permissions differ from tests/permissions.csv")
