from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import FunnelCase

COLUMNS = ["lead_id/.id", "stage_id", "user_id", "entered_at", "left_at"]


@tagged("post_install", "-at_install")
class TestImport(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(
            cls.env,
            "importer",
            groups="base.group_system,sales_team.group_sale_manager",
        )

    def load(self, rows, user=None):
        stays = self.History.with_user(user or self.admin)
        return stays.load(COLUMNS, [[str(row[0].id), *row[1:]] for row in rows])

    def assertRefused(self, rows, message):
        lead = rows[0][0]
        before = self.stays(lead).read()
        result = self.load(rows)
        self.assertFalse(result["ids"])
        self.assertRegex(" ".join(m["message"] for m in result["messages"]), message)
        self.assertEqual(self.stays(lead).read(), before, "nothing is half imported")

    def test_past_of_an_open_opportunity(self):
        lead = self.new_lead(self.presentation)
        result = self.load(
            [
                (lead, "Client List", "Ivanenko", "2026-01-05 09:00:00", "2026-01-08 09:00:00"),
                (lead, "Acquaintance", "Ivanenko", "2026-01-08 09:00:00", "2026-01-12 09:00:00"),
                (lead, "Presentation", "Ivanenko", "2026-01-12 09:00:00", ""),
            ]
        )
        self.assertFalse(result["messages"])
        self.assertEqual(
            [
                (s.stage_id.name, str(s.entered_at.date()), s.days, s.origin, s.exit)
                for s in self.stays(lead)
            ],
            [
                ("Client List", "2026-01-05", 3, "created", "advanced"),
                ("Acquaintance", "2026-01-08", 4, "advanced", "advanced"),
                ("Presentation", "2026-01-12", 0, "advanced", "still_there"),
            ],
        )
        self.assertEqual(self.stays(lead).mapped("is_reconstructed"), [False] * 3)
        self.assertEqual(self.rates()["Presentation"], (1, 1, 100))

    def load_stays_on_list(self):
        """Twenty clients left the list twelve weeks ago, after 0 to 19 days; rows of their stays.

        :return: SQL that picks the rows
        """
        leads = self.env["crm.lead"].union(
            *(self.new_lead(self.presentation) for _number in range(20))
        )
        moment = fields.Datetime.now().replace(microsecond=0) - timedelta(weeks=12)
        rows = [
            (lead, "Client List", "Ivanenko", str(moment), str(moment + timedelta(days=number)))
            for number, lead in enumerate(leads)
        ]
        self.assertFalse(self.load(rows)["messages"])
        return SQL("lead_id = ANY(%s) AND stage_id = %s", leads.ids, self.list.id)

    def test_stays_of_a_file_are_not_skipped(self):
        picked = self.load_stays_on_list()
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT is_skipped FROM crm_lead_stage_history WHERE %s", picked)
        )
        self.assertEqual(rows, [(False,)])

    def test_stays_of_a_file_make_the_horizon(self):
        """Also those of a file that was imported when nothing was stored there."""
        picked = self.load_stays_on_list()
        self.env.cr.execute(
            SQL("UPDATE crm_lead_stage_history SET is_skipped = NULL WHERE %s", picked)
        )
        self.env.registry.clear_cache()
        horizons = self.env["crm.control.board"]._horizons(self.team)
        self.assertAlmostEqual(horizons[self.list.id], 17.1)

    def test_last_stage_may_be_left_to_the_ledger(self):
        lead = self.new_lead(self.presentation)
        self.load(
            [(lead, "Client List", "Sidorenko", "2026-01-05 09:00:00", "2026-01-08 09:00:00")]
        )
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Sidorenko", "created", "advanced"),
                ("Acquaintance", "Ivanenko", "skipped", "advanced"),
                ("Presentation", "Ivanenko", "advanced", "still_there"),
            ],
        )
        self.assertEqual(str(self.stays(lead)[-1].entered_at), "2026-01-08 09:00:00")

    def test_lost_opportunity(self):
        lead = self.new_lead(
            self.acquaintance, active=False, probability=0, lost_reason_id=self.reason.id
        )
        self.load(
            [
                (lead, "Client List", "Ivanenko", "2026-01-05 09:00:00", "2026-01-08 09:00:00"),
                (lead, "Acquaintance", "Ivanenko", "2026-01-08 09:00:00", "2026-01-09 09:00:00"),
            ]
        )
        self.assertEqual(
            [(s.exit, str(s.left_at.date())) for s in self.stays(lead)],
            [("advanced", "2026-01-08"), ("refused", "2026-01-09")],
        )
        self.assertEqual(self.stays(lead)[-1].lost_reason_id, self.reason)

    def test_bad_rows_are_refused_with_the_reason(self):
        lead = self.new_lead(self.presentation)
        good = (lead, "Client List", "Ivanenko", "2026-01-05 09:00:00", "2026-01-08 09:00:00")
        for bad, message in (
            ((lead, "Acquaintance", "Ivanenko", "2026-01-09 09:00:00", "2026-01-08 09:00:00"),
             "ends before it begins"),
            ((lead, "Acquaintance", "Ivanenko", "2026-01-07 09:00:00", "2026-01-10 09:00:00"),
             "overlap"),
            ((lead, "Acquaintance", "Ivanenko", "2026-01-09 09:00:00", ""), "no end"),
            ((lead, "Acquaintance", "Ivanenko", "2099-01-09 09:00:00", "2099-01-10 09:00:00"),
             "reaches beyond"),
            ((lead, "No Such Stage", "Ivanenko", "2026-01-09 09:00:00", "2026-01-10 09:00:00"),
             "No matching record"),
            ((lead, "Acquaintance", "Ivanenko", "soon", "2026-01-10 09:00:00"), "soon"),
        ):  # fmt: skip
            self.assertRefused([good, bad], message)

    def test_a_second_time_is_refused(self):
        lead = self.new_lead(self.presentation)
        rows = [(lead, "Client List", "Ivanenko", "2026-01-05 09:00:00", "2026-01-08 09:00:00")]
        self.load(rows)
        self.assertRefused(rows, "reaches beyond|overlap")

    def test_leads_have_no_stays(self):
        self.assertRefused(
            [(self.new_lead(type="lead"), "Client List", "Ivanenko", "2026-01-05 09:00:00",
              "2026-01-08 09:00:00")],
            "only opportunities",
        )  # fmt: skip

    def test_administrators_only(self):
        lead = self.new_lead()
        manager = new_test_user(self.env, "boss", groups="sales_team.group_sale_manager")
        for user in (self.ivanov, manager):
            with self.assertRaises(AccessError):
                self.load([(lead, "Client List", "Ivanenko", "2026-01-05 09:00:00", "")], user)

    def test_derived_columns_are_not_imported(self):
        lead = self.new_lead()
        result = self.History.with_user(self.admin).load(
            [*COLUMNS, "reached_next"],
            [[str(lead.id), "Client List", "Ivanenko", "2026-01-05 09:00:00", "", "1"]],
        )
        self.assertRegex(result["messages"][0]["message"], "reached_next")
