from unittest.mock import patch

from odoo import models
from odoo.tests import tagged

from .test_report import ReportCase

_MODELS = (
    "crm.funnel.report",
    "crm.outcome.report",
    "crm.contact.report",
    "crm.client.report",
    "crm.head.task.report",
)


@tagged("post_install", "-at_install")
class TestGroupOrder(ReportCase):
    """Groups come in the order in which Odoo has them."""

    def test_as_odoo_orders(self):
        shared = self.env["crm.team"].create({"name": "Aaa", "sequence": self.team.sequence})
        self.env["crm.lead"].create(
            [
                {
                    "name": f"Of {place}",
                    "type": "opportunity",
                    "team_id": shared.id,
                    "user_id": place and self.ivanov.id,
                    "stage_id": self.list.id,
                    "partner_id": self.env["res.partner"].create({"name": name}).id,
                }
                for place, name in enumerate(("b", "Ä", "a"))
            ]
        )
        compared = 0
        for name in _MODELS:
            Report = self.env[name].with_context(active_test=False)
            keys = [
                key
                for key, field in Report._fields.items()
                if field.type == "many2one" and Report._read_group([], [key])
            ]
            for first, second in zip(keys, [*keys[1:], keys[0]], strict=True):
                for order in (f"{first}, {second}", f"{first} desc, {second} desc"):
                    with self.subTest(model=name, order=order):
                        compared += self._compare(Report, first, second, order)
        self.assertGreater(compared, 100)

    def _compare(self, Report, first, second, order):
        def read():
            return [
                Report._read_group([], [first, second], ["__count"], order=order),
                Report.formatted_read_grouping_sets(
                    [], [[first, second], [first], []], ["__count"], order=order
                ),
            ]

        ours = read()
        with patch.object(
            self.registry[Report._name],
            "_read_group_orderby",
            models.BaseModel._read_group_orderby,
        ):
            self.assertEqual(ours, read())
        return len(ours[0])

    def test_a_wrong_order_is_refused(self):
        for order in ("user_id sideways", "nothing", "user_id desc nulls sometimes"):
            with self.subTest(order=order), self.assertRaises(ValueError):
                self.Report._read_group(self.domain, ["user_id"], order=order)
