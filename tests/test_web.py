from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .common import FunnelCase


@tagged("post_install", "-at_install")
class TestColumnRates(FunnelCase):
    """The figures in the headers of the pipeline's columns."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.funnel_tz = "Asia/Vladivostok"

    def column_rates(self, user=None, team=None):
        stages = self.env["crm.stage"].with_user(user or self.env.user)
        return stages.get_column_rates(self.stages.ids, (team or self.team).id)

    @freeze_time("2026-05-20 12:00:00")
    def test_figures(self):
        for stage in (self.presentation, self.acquaintance, self.list):
            self.new_lead(stage)
        rates = self.column_rates()
        self.assertEqual(
            rates[self.acquaintance.id],
            {"entered": 3, "advanced": 2, "rate": 200 / 3, "target": 100},
        )
        self.assertEqual(
            rates[self.contract.id], {"entered": 1, "advanced": 0, "rate": 0, "target": 80}
        )
        self.assertEqual(
            rates[self.payment.id], {"entered": 0, "advanced": 0, "rate": False, "target": 95}
        )
        self.assertNotIn(self.list.id, rates, "Nothing leads into the first stage.")

    @freeze_time("2026-05-20 12:00:00")
    def test_without_target(self):
        (self.acquaintance | self.presentation).target_rate = 0
        self.new_lead()
        rates = self.column_rates()
        self.assertEqual(
            rates[self.acquaintance.id],
            {"entered": 1, "advanced": 0, "rate": 0, "target": False},
        )
        self.assertNotIn(self.presentation.id, rates)

    def test_quarter_begins_in_the_sales_time_zone(self):
        with freeze_time("2026-03-31 13:59:00"):
            self.new_lead()
            self.assertEqual(self.column_rates()[self.acquaintance.id]["entered"], 1)
        with freeze_time("2026-03-31 14:00:00"):
            self.assertEqual(self.column_rates()[self.acquaintance.id]["entered"], 0)
            self.new_lead()
            self.assertEqual(self.column_rates()[self.acquaintance.id]["entered"], 1)

    @freeze_time("2026-05-20 12:00:00")
    def test_target_of_an_idle_column_is_the_one_in_force(self):
        self.env["crm.stage.target"].create(
            [
                {"stage_id": self.payment.id, "state": "approved", **values}
                for values in (
                    {"target_rate": 70, "team_id": self.team.id, "date_from": "2026-05-01"},
                    {"target_rate": 60, "date_from": "2026-05-01"},
                    {"target_rate": 50, "team_id": self.team.id, "date_to": "2026-04-30"},
                    {"target_rate": 40, "user_id": self.ivanov.id},
                )
            ]
        )
        self.assertEqual(self.column_rates()[self.payment.id]["target"], 70)
        rates = self.env["crm.stage"].get_column_rates(self.payment.ids)
        self.assertEqual(rates[self.payment.id]["target"], 60)

    @freeze_time("2026-05-20 12:00:00")
    def test_salesperson_sees_own_entries(self):
        self.new_lead(self.presentation, self.ivanov)
        self.new_lead(self.list, self.sidorov)
        self.assertEqual(self.column_rates()[self.acquaintance.id]["rate"], 50)
        self.assertEqual(self.column_rates(self.ivanov)[self.acquaintance.id]["rate"], 100)
        self.assertEqual(self.column_rates(self.sidorov)[self.acquaintance.id]["rate"], 0)

    @freeze_time("2026-05-20 12:00:00")
    def test_transitions_are_not_pooled(self):
        """A shared stage that two funnels come into from different stages has no one rate."""
        own, shared = self.env["crm.stage"].create(
            [
                {"name": "Before", "sequence": -20, "team_ids": self.team.ids},
                {"name": "Shared", "sequence": -10},
            ]
        )
        other_own = self.env["crm.stage"].create({"name": "Other Before", "sequence": -15})
        self.team.has_own_funnel = False
        other = self._make_team("Others", user_id=False)
        other_own.team_ids = other
        self.new_lead(own)
        stages = self.env["crm.stage"]
        self.assertEqual(stages.get_column_rates(shared.ids)[shared.id]["entered"], 1)
        self.new_lead(other_own, team_id=other.id)
        self.assertFalse(stages.get_column_rates(shared.ids))
        self.assertEqual(stages.get_column_rates(shared.ids, other.id)[shared.id]["entered"], 1)

    @freeze_time("2026-05-20 12:00:00")
    def test_changed_funnel_forgets_transitions_of_the_former(self):
        self.new_lead(self.acquaintance)
        self.env["crm.stage"].create(
            {
                "name": "In Between",
                "sequence": self.acquaintance.sequence,
                "team_ids": self.team.ids,
            }
        )
        for stage in self.stages - self.list:
            stage.sequence += 1
        self.assertEqual(self.column_rates()[self.acquaintance.id]["entered"], 0)

    @freeze_time("2026-05-20 12:00:00")
    def test_queries_do_not_grow_with_columns(self):
        self.new_lead(self.presentation)
        self.column_rates(self.ivanov)
        self.env["crm.stage"].invalidate_model()
        # The figures, the targets' overrides and the stages' own targets.
        with self.assertQueryCount(3):
            self.column_rates(self.ivanov)

    def test_reads_only(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            self.env["crm.stage"].with_env(self.env(cr=cr)).get_column_rates(self.stages.ids)


@tagged("post_install", "-at_install")
class TestWeb(FunnelCase, HttpCase):
    def tour(self, path, name):
        self.start_tour(path, f"sales_funnel_control.{name}", login="admin", timeout=180)

    def test_unit(self):
        with self.assertLogs(self._logger.getChild("browser"), "INFO") as console:
            self.browser_js(
                "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
                "&filter=/@sales_funnel_control/",
                "",
                "",
                login="admin",
                timeout=240,
                success_signal="[HOOT] Test suite succeeded",
            )
        # A run that finds no test succeeds, too.
        self.assertNotIn("Passed 0 tests", "".join(console.output))

    def test_funnel_conversion(self):
        # Demo data open the report with a filter of their own.
        self.env["ir.filters"].search([("model_id", "=", "crm.funnel.report")]).unlink()
        self.new_lead(self.acquaintance, name="Toured Opportunity")
        self.tour("/odoo", "funnel_conversion")

    def test_control_board(self):
        self.new_lead(self.acquaintance, name="Toured Opportunity")
        self.tour("/odoo", "control_board")

    def test_lead_path(self):
        lead = self.new_lead()
        self.tour(f"/odoo/crm.lead/{lead.id}", "lead_path")
        self.assertEqual(lead.stage_id, self.acquaintance)

    def test_build_funnel(self):
        team = self._make_team("Test Farmers")
        self.tour(f"/odoo/crm.team/{team.id}", "build_funnel")
        stages = self.env["crm.stage"].search([("team_ids", "=", team.id)])
        self.assertEqual(
            stages.mapped("name"),
            ["Base Analysis", "Warm Contact", "Visit", "Offer", "Repeat Purchase"],
        )
