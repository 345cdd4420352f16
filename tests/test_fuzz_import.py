"""Import files with wrong cells: each is answered with a message, and nothing is half done."""

import os

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .fuzzing import played
from .owned_rows import ADDON, OwnedRows, our_models

EXAMPLES = int(os.environ.get("SFC_FUZZ_EXAMPLES", "4"))
CELLS = ["", " ", "0", "-1", "1e400", "nan", "inf", "2026-02-30", "0001-01-01", "9999-12-31"]
CELLS += ["2026-01-05 25:00:00", "99999999999999999999", "=1+1", "' OR 1=1; --", "<b>x</b>"]
CELLS += ["x" * 3000, "no such thing", "base.main_company", "True", "\u202e", "won", "hunter"]
NOT_IMPORTED = ("one2many", "binary", "properties", "properties_definition", "json", "reference")


@tagged("post_install", "-at_install")
class TestFuzzImport(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = OwnedRows(cls.env).people["manager"]
        with mute_logger("odoo.sql_db", "odoo.models", "odoo.orm.models"):
            cls.said_by_odoo = cls._said_by_odoo()

    @classmethod
    def _said_by_odoo(cls):
        """How Odoo itself fails at some of the cells, in columns of its own."""
        return {
            message["message"]
            for model, column, name in (
                ("sale.order", "validity_date", "client_order_ref"),
                ("sale.order", "commitment_date", "client_order_ref"),
                ("crm.lead", "expected_revenue", "name"),
            )
            for cell in CELLS
            for message in cls.env[model]
            .with_user(cls.manager)
            .load([name, column], [["Imported", cell]])["messages"]
        }

    def columns(self, model):
        """The fields of ours that somebody may import into."""
        return [
            name
            for name, field in model._fields.items()
            if field.type not in NOT_IMPORTED
            and not field.readonly
            and (model._original_module == ADDON or ADDON in field._modules)
        ]

    def fuzz(self, model, always=None):
        always = always or {}
        columns = self.columns(model)
        row = st.tuples(*(st.sampled_from(CELLS) for _column in columns))

        @played(EXAMPLES)
        @given(st.lists(row, min_size=1, max_size=3))
        def play(rows):
            before = model.sudo().with_context(active_test=False).search_count([])
            with self.env.cr.savepoint() as savepoint:
                answer = model.load(
                    [*columns, *always], [[*cells, *always.values()] for cells in rows]
                )
                after = model.sudo().with_context(active_test=False).search_count([])
                savepoint.rollback()
            said = [message["message"] for message in answer["messages"]]
            if not answer["ids"]:
                self.assertTrue(said, model._name)
                self.assertEqual(after, before, f"{model._name}: half of it was done")
            for message in said:
                if message not in self.said_by_odoo:
                    self.assertNotIn("Unknown error", message, f"{model._name}: {rows}")

        with mute_logger("odoo.sql_db", "odoo.models", "odoo.orm.models"):
            play()

    def test_our_models(self):
        tried = 0
        for name in our_models(self.env):
            model = self.env[name].with_user(self.manager)
            if model._auto and not model._transient and model.has_access("create"):
                with self.subTest(model=name):
                    self.fuzz(model)
                tried += 1
        self.assertGreater(tried, 15)

    def test_our_columns_of_stock_models(self):
        for name in ("crm.lead", "res.partner", "crm.stage", "crm.lost.reason", "crm.team"):
            model = self.env[name].with_user(self.manager)
            with self.subTest(model=name):
                self.fuzz(model, {"name": "Imported"})
