"""The class of a lead: proposed by rule, kept where somebody chose it."""

from unittest.mock import patch

from psycopg2 import OperationalError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import FunnelCase


@tagged("post_install", "-at_install")
class TestLeadClasses(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.lead.class.run"].search([]).unlink()
        cls.rule_a, cls.rule_b, cls.rule_c = cls.env["crm.lead.class.rule"].create(
            [
                {"name": "Large", "sequence": 1, "lead_class": "a"}
                | {"domain": "[('expected_revenue', '>=', 1000)]"},
                {"name": "Abroad", "sequence": 2, "lead_class": "b"}
                | {"domain": "[('partner_id.country_id.code', '=', 'DE')]"},
                {"name": "Small", "sequence": 3, "lead_class": "c"}
                | {"domain": "[('expected_revenue', '>', 0)]"},
            ]
        )

    def test_first_rule_that_fits(self):
        """Both sides of the threshold, the order of the rules, and none that fits."""
        german = self.env["res.partner"].create(
            {"name": "German", "country_id": self.env.ref("base.de").id}
        )
        self.assertEqual(self.new_lead(expected_revenue=1000).lead_class, "a")
        self.assertEqual(self.new_lead(expected_revenue=999.99).lead_class, "c")
        self.assertEqual(self.new_lead(expected_revenue=5, partner_id=german.id).lead_class, "b")
        self.assertEqual(self.new_lead(expected_revenue=5000, partner_id=german.id).lead_class, "a")
        self.assertFalse(self.new_lead().lead_class)

    def test_field_that_is_gone(self):
        """A rule that cannot be read any more is left out; leads are created all the same."""
        self.rule_a.flush_recordset()
        self.env.cr.execute(
            "UPDATE crm_lead_class_rule SET domain = %s WHERE id = %s",
            ["[('x_segment', '=', 'large')]", self.rule_a.id],
        )
        self.rule_a.invalidate_recordset()
        self.env.registry.clear_all_caches()
        with self.assertLogs("odoo.addons.sales_funnel_control.models", "WARNING") as log:
            lead = self.new_lead(expected_revenue=5000)
        self.assertEqual(lead.lead_class, "c", "by the rules that are left")
        self.assertIn("Large", log.output[0])

    def test_follows_the_lead(self):
        lead = self.new_lead(expected_revenue=10)
        lead.expected_revenue = 2000
        self.assertEqual(lead.lead_class, "a")
        lead.expected_revenue = 0
        self.assertFalse(lead.lead_class, "no rule fits any more")
        self.assertFalse(lead.lead_class_is_manual)

    def test_by_hand_is_kept(self):
        lead = self.new_lead(expected_revenue=10)
        lead.lead_class = "a"
        self.assertTrue(lead.lead_class_is_manual)
        lead.expected_revenue = 20
        self.assertEqual(lead.lead_class, "a")
        given = self.new_lead(expected_revenue=10, lead_class="b")
        self.assertEqual((given.lead_class, given.lead_class_is_manual), ("b", True))
        lead.action_propose_class()
        self.assertEqual((lead.lead_class, lead.lead_class_is_manual), ("c", False))
        given.lead_class = False
        self.assertEqual((given.lead_class, given.lead_class_is_manual), ("c", False))

    def test_copy_goes_on_as_the_original(self):
        proposed, chosen = self.new_lead(expected_revenue=10), self.new_lead(lead_class="b")
        self.assertFalse(proposed.copy().lead_class_is_manual)
        self.assertEqual(chosen.copy().lead_class, "b")
        self.assertTrue(chosen.copy().lead_class_is_manual)

    def test_ledger_has_the_class_from_the_beginning(self):
        lead = self.new_lead(expected_revenue=1000)
        self.assertEqual(self.stays(lead).lead_class, "a")

    def test_company_of_the_rule(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.rule_a.company_id = other
        lead = self.new_lead(expected_revenue=1000, company_id=self.env.company.id)
        self.assertEqual(lead.lead_class, "c")

    def test_bad_conditions(self):
        for domain in ("[('no_such_field', '=', 1)]", "[", "['&']", "[('name', 'nonsense', 1)]"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.rule_a.domain = domain
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self.rule_a.domain = "[('lead_class', '=', 'b')]"

    def test_no_rights_are_needed(self):
        """A salesperson's lead is classed by what only others may read."""
        self.rule_b.domain = "[('partner_id.sale_order_ids', '!=', False)]"
        partner = self.env["res.partner"].create({"name": "Buyer"})
        self.env["sale.order"].create({"partner_id": partner.id, "user_id": self.sidorov.id})
        lead = (
            self.env["crm.lead"]
            .with_user(self.ivanov)
            .create({"name": "Lead", "partner_id": partner.id, "user_id": self.ivanov.id})
        )
        self.assertEqual(lead.lead_class, "b")

    def test_without_rules_nothing_is_asked(self):
        (self.rule_a | self.rule_b | self.rule_c).active = False
        leads = self.new_lead() | self.new_lead()
        self.env["crm.lead.class.rule"]._asked_fields()
        with self.assertQueryCount(1):
            # The UPDATE itself.
            leads.write({"expected_revenue": 5000})
        self.assertFalse(leads[0].lead_class)

    def test_classes_of_a_batch_take_one_update(self):
        """50 leads cost as many statements as 5."""
        counts = []
        for size in (5, 50):
            leads = self.env["crm.lead"].create(
                [{"name": "Lead", "team_id": self.team.id} for _each in range(size)]
            )
            self.env.flush_all()
            start = self.cr.sql_log_count
            leads.write({"expected_revenue": 5000})
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - start)
            self.assertEqual(set(leads.mapped("lead_class")), {"a"})
        self.assertEqual(*counts)

    # -- proposing anew -----------------------------------------------------------------------

    def _old_leads(self, count=3):
        """Leads from before the rules: of another class, which nobody chose."""
        leads = self.env["crm.lead"].union(*(self.new_lead() for _each in range(count)))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET lead_class = 'c', expected_revenue = 5000 WHERE id = ANY(%s)",
            [leads.ids],
        )
        self.env.invalidate_all()
        return leads

    def _cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_propose_classes").method_direct_trigger()

    def _run(self):
        run = self.env["crm.lead.class.run"].browse(self.rule_a.action_propose_anew()["res_id"])
        run.action_start()
        return run

    def test_propose_anew(self):
        leads = self._old_leads()
        leads[0].lead_class = "b"
        lost = leads[1]
        lost.action_set_lost(lost_reason_id=self.reason.id)
        self.rule_a.name = "Not reclassed by itself"
        self.assertEqual(leads[2].lead_class, "c", "only when somebody asks for it")
        run = self._run()
        self._cron()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.done, run.total)
        self.assertGreaterEqual(run.changed, 1)
        self.assertEqual(leads.mapped("lead_class"), ["b", "c", "a"])
        with self.assertRaises(UserError):
            run.action_start()

    def test_one_bad_lead_does_not_stop_the_run(self):
        """The others of its batch are proposed, the bad one is counted, and the run ends."""
        leads = self._old_leads()
        run = self._run()
        run.last_lead_id = leads[0].id - 1
        Lead = self.env.registry["crm.lead"]
        propose = Lead._propose_class
        asked = []

        def fail(records):
            asked.append(len(records))
            changed = propose(records)
            if leads[1] in records:
                raise ValidationError("Bad lead")
            return changed

        log = "odoo.addons.sales_funnel_control.models.crm_lead_class_run"
        with patch.object(Lead, "_propose_class", fail), mute_logger(log):
            self._cron()
        self.assertEqual(leads.mapped("lead_class"), ["a", "c", "a"])
        self.assertEqual((run.state, run.failed, run.changed), ("done", 1, 2))
        self.assertEqual(run.last_lead_id, leads[2].id)
        self.assertEqual(asked, [3, 1, 1, 1])

    def test_concurrent_writing_is_tried_again(self):
        leads = self._old_leads()
        run = self._run()
        cron = self.env.ref("sales_funnel_control.ir_cron_propose_classes")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        Lead = self.env.registry["crm.lead"]
        with patch.object(Lead, "_propose_class", side_effect=OperationalError("Busy")):
            run._cron_propose()
        self.assertEqual((run.state, run.done, run.failed), ("running", 0, 0))
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1
        )
        self._cron()
        self.assertEqual(leads.mapped("lead_class"), ["a", "a", "a"])

    def test_stop_and_go_on(self):
        leads = self._old_leads()
        run = self._run()
        run.last_lead_id = leads[0].id
        run.action_stop()
        self._cron()
        self.assertEqual(leads.mapped("lead_class"), ["c", "c", "c"])
        run.action_start()
        self._cron()
        self.assertEqual(leads.mapped("lead_class"), ["c", "a", "a"], "it went on where it stood")
