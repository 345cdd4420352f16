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

from .owned_rows import RUNS, SHARED, OwnedRows

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
HOME = READERS[:5]
# Lists and tariffs that everybody of a company works by, and what all companies share.
OF_THE_COMPANY = {
    "crm.assignment.rule",
    "crm.client.score.rule",
    "crm.contact.norm",
    "crm.contact.post",
    "crm.deal.cycle",
    "crm.lead.class.rule",
    "crm.program.launch",
    "crm.request.channel",
    "crm.scorecard.weight",
    "crm.time.block",
    "crm.timetable",
}
OF_ALL = {*SHARED, *RUNS}
# Odoo's administrators look into it to find faults.
TECHNICAL = {("crm.loyalty.comparable", "administrator")}
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

    def allowed(self, owners, readers):
        """``(model, owner, reader)`` of the cells that are not empty."""
        return {
            (name, owner, reader)
            for (name, owner), cells in self.cells.items()
            for reader in readers
            if owner in owners and name not in OF_ALL and cells[reader] not in ("-", "?")
            if (name, reader) not in TECHNICAL
        }

    def test_strangers_see_nothing(self):
        """Employees without sales, portal and public are shut out of everything of ours."""
        names = {name for name, _owner in self.cells}
        self.assertGreater(len(names), 80)
        for (name, owner), cells in self.cells.items():
            for reader in ("employee", "portal", "public"):
                self.assertIn(cells[reader], ("-", "?"), f"{reader}: {name} of {owner}")

    def test_companies_are_apart(self):
        home = ("salesperson", "teammate", "other_team")
        self.assertEqual(self.allowed(("other_company",), HOME), set())
        self.assertEqual(self.allowed(home, ("other_manager",)), set())

    def test_colleagues_are_apart(self):
        """A salesperson sees no colleague's row, and a leader none of another team."""
        seen = self.allowed(("teammate", "other_team"), ("salesperson",))
        seen |= self.allowed(("other_team",), ("leader",))
        self.assertEqual({cell for cell in seen if cell[0] not in OF_THE_COMPANY}, set())
        # These are read, and not written.
        for (name, owner), cells in self.cells.items():
            if name in OF_THE_COMPANY:
                self.assertLessEqual(set(cells["salesperson"]), {"r", "-"}, f"{name} of {owner}")
