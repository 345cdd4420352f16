from ast import literal_eval

from freezegun import freeze_time
from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .test_contact_entry import ContactCase


@tagged("post_install", "-at_install")
class TestContactPeriod(ContactCase):
    """Today and this week are the company's, wherever the reader sits: as the norms have them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.funnel_tz = "Europe/Moscow"
        cls.ivanov.tz = "America/New_York"

    def found(self, name, moment, logs):
        """Contacts a filter of the search view shows at a moment."""
        view = self.env["crm.contact.log"].get_view(
            self.env.ref("sales_funnel_control.crm_contact_log_view_search").id, "search"
        )
        domain = self.domain_of_filter(view["arch"], name)
        with freeze_time(moment):
            own = self.own.with_context(tz=self.ivanov.tz)
            found = own.search([*domain, ("id", "in", logs.ids)])
            self.env.invalidate_all()
            computed = logs.filtered({"today": "is_today", "this_week": "is_this_week"}[name])
            self.assertEqual(computed, found.with_user(logs.env.user))
        return found

    def domain_of_filter(self, arch, name):
        (node,) = etree.fromstring(arch).xpath(f"//filter[@name='{name}']")
        return literal_eval(node.get("domain"))

    def at(self, *moments):
        return self.Log.create(
            [
                {"contact_id": self.buyer.id, "user_id": self.ivanov.id, "date": moment}
                for moment in moments
            ]
        )

    def test_today(self):
        # Moscow is three hours ahead: its Wednesday begins at 21:00.
        before, first, last, after = logs = self.at(
            "2026-03-03 20:59:59",
            "2026-03-03 21:00:00",
            "2026-03-04 20:59:59",
            "2026-03-04 21:00:00",
        )
        for moment in ("2026-03-03 21:00:00", "2026-03-04 02:00:00", "2026-03-04 20:59:00"):
            self.assertEqual(self.found("today", moment, logs).ids, (last | first).ids, moment)
        self.assertEqual(self.found("today", "2026-03-03 20:59:00", logs).ids, before.ids)
        self.assertEqual(self.found("today", "2026-03-04 21:00:00", logs).ids, after.ids)

    def test_this_week(self):
        # Monday 2 March begins on Sunday at 21:00.
        before, first, last, after = logs = self.at(
            "2026-03-01 20:59:59",
            "2026-03-01 21:00:00",
            "2026-03-08 20:59:59",
            "2026-03-08 21:00:00",
        )
        for moment in ("2026-03-01 21:00:00", "2026-03-08 20:59:00"):
            self.assertEqual(self.found("this_week", moment, logs).ids, (last | first).ids, moment)
        self.assertEqual(self.found("this_week", "2026-03-01 20:59:00", logs).ids, before.ids)
        self.assertEqual(self.found("this_week", "2026-03-08 21:00:00", logs).ids, after.ids)

    def test_the_other_way_round(self):
        before, monday, tuesday = logs = self.at(
            "2026-03-01 12:00:00", "2026-03-02 12:00:00", "2026-03-03 12:00:00"
        )
        with freeze_time("2026-03-03 15:00:00"):
            mine = [("id", "in", logs.ids)]
            found = self.own.search([*mine, ("is_today", "=", False)])
            self.assertEqual(found.ids, (monday | before).ids)
            found = self.own.search([*mine, ("is_this_week", "!=", True)])
            self.assertEqual(found.ids, before.ids)
            found = self.own.search([*mine, ("is_this_week", "in", [True, False])])
            self.assertEqual(found.ids, (tuesday | monday | before).ids)

    def test_my_contacts_this_week(self):
        action = self.env.ref("sales_funnel_control.crm_contact_norm_action_mine")
        logs = self.at("2026-03-01 20:59:59", "2026-03-01 21:00:00")
        with freeze_time("2026-03-02 02:00:00"):
            domain = safe_eval(action.domain, {"uid": self.ivanov.id})
            found = self.own.with_context(tz=self.ivanov.tz).search(
                [*domain, ("id", "in", logs.ids)]
            )
        self.assertEqual(found, logs[1].with_user(self.ivanov))
