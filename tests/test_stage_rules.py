import base64
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .common import FunnelCase


class RuleCase(FunnelCase):
    """A plan on acquaintance, and material on presentation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_enforcement("on")
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        call = cls.env.ref("mail.mail_activity_data_call")
        todo = cls.env.ref("mail.mail_activity_data_todo")
        cls.plan = cls.env["mail.activity.plan"].create(
            {
                "name": "First contact",
                "res_model": "crm.lead",
                "template_ids": [
                    (
                        0,
                        0,
                        {
                            "activity_type_id": call.id,
                            "summary": "Call the decision maker",
                            "delay_count": 1,
                            "delay_from": "after_plan_date",
                        },
                    ),
                    (
                        0,
                        0,
                        {
                            "activity_type_id": todo.id,
                            "summary": "Check the client",
                            "responsible_type": "other",
                            "responsible_id": cls.head.id,
                        },
                    ),
                ],
            }
        )
        cls.acquaintance.activity_plan_id = cls.plan
        cls.catalogue = cls.env["ir.attachment"].create(
            {
                "name": "catalogue.txt",
                "datas": base64.b64encode(b"Catalogue"),
                "res_model": "crm.stage",
                "res_id": 0,
            }
        )
        cls.presentation.material_ids = cls.catalogue
        cls.client = cls.env["res.partner"].create(
            {"name": "Anna Orlik", "email": "anna@romashka.example.com"}
        )

    def move(self, lead, stage, user=None):
        lead.with_user(user or self.env.user).stage_id = stage
        self.env.cr.flush()
        lead.invalidate_recordset()

    def started(self, leads):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "crm.lead"),
                ("res_id", "in", leads.ids),
                ("rule_stage_id", "!=", False),
            ],
            order="id",
        )

    def summaries(self, leads):
        return sorted(self.started(leads).mapped("summary"))


_BOTH = ["Call the decision maker", "Check the client"]


@tagged("post_install", "-at_install")
class TestPlans(RuleCase):
    def test_starts_on_entry(self):
        lead = self.new_lead()
        self.assertFalse(self.started(lead))
        self.env.company.funnel_tz = "Europe/Moscow"
        # Already the fifth in Moscow.
        with freeze_time("2026-03-04 22:00:00"):
            self.move(lead, self.acquaintance, self.ivanov)
        call, check = self.started(lead)
        self.assertEqual((call.user_id, check.user_id), (self.ivanov, self.head))
        self.assertEqual(call.date_deadline, fields.Date.to_date("2026-03-06"))
        self.assertEqual(check.date_deadline, fields.Date.to_date("2026-03-05"))
        self.assertEqual(call.rule_stage_id, self.acquaintance)
        note = lead.message_ids[0].body
        self.assertIn("Call the decision maker, assigned to Ivanenko", note)

    def test_created_on_the_stage(self):
        self.assertEqual(self.summaries(self.new_lead(self.acquaintance)), _BOTH)

    def test_leads_do_not_stand_on_stages(self):
        lead = self.new_lead(self.acquaintance, type="lead")
        self.assertFalse(self.started(lead))
        lead.convert_opportunity(self.client)
        self.env.cr.flush()
        self.assertEqual(self.summaries(lead), _BOTH)

    def test_forth_and_back(self):
        lead = self.new_lead(self.acquaintance)
        call, check = self.started(lead)
        self.move(lead, self.list)
        self.move(lead, self.acquaintance)
        self.assertEqual(self.started(lead), call | check, "what is open is not started twice")
        call.action_feedback(feedback="Reached")
        self.move(lead, self.list)
        self.move(lead, self.acquaintance)
        self.assertEqual(len(self.started(lead)), 2)
        self.assertNotIn(call, self.started(lead))

    def test_undone_drag(self):
        self.set_grace(5)
        lead = self.new_lead(self.acquaintance)
        self.started(lead).action_feedback(feedback="Done")
        self.move(lead, self.presentation)
        self.move(lead, self.acquaintance)
        self.assertFalse(self.started(lead), "a drag that is undone is no entry")

    def test_handed_over(self):
        lead = self.new_lead(self.acquaintance)
        lead.user_id = self.sidorov
        self.env.cr.flush()
        self.assertEqual(len(self.started(lead)), 2)

    def test_leaving(self):
        stays, goes = self.new_lead(self.acquaintance), self.new_lead(self.acquaintance)
        self.move(stays, self.presentation)
        self.assertEqual(self.summaries(stays), _BOTH)
        self.acquaintance.drops_undone = True
        own = goes.activity_schedule("mail.mail_activity_data_todo", user_id=self.ivanov.id)
        call, _check = self.started(goes)
        call.action_feedback(feedback="Reached")
        self.move(goes, self.presentation)
        self.assertFalse(self.started(goes))
        self.assertTrue(own.exists() and call.exists())
        self.assertEqual(self.summaries(stays), _BOTH)

    def test_nobody_responsible(self):
        """A plan that cannot be started does not hold the opportunity back."""
        lead = self.new_lead()
        lead.user_id = False
        self.move(lead, self.acquaintance)
        self.assertEqual(lead.stage_id, self.acquaintance)
        self.assertEqual(self.summaries(lead), ["Check the client"])
        self.assertIn("Not started: No responsible specified for Call", lead.message_ids[0].body)

    def test_responsible_has_left(self):
        self.head.active = False
        lead = self.new_lead(self.acquaintance)
        self.assertEqual(self.summaries(lead), ["Call the decision maker"])
        self.assertIn("Nobody is responsible for “Check the client”", lead.message_ids[0].body)

    def test_plan_that_breaks(self):
        """Whatever goes wrong is written down, and the opportunity is moved."""
        lead = self.new_lead()
        with patch.object(
            type(self.env["mail.activity"]), "create", side_effect=UserError("Not today")
        ):
            self.move(lead, self.acquaintance)
        self.assertEqual(lead.stage_id, self.acquaintance)
        self.assertFalse(self.started(lead))
        self.assertIn("Not started: Not today", lead.message_ids[0].body)

    def test_plan_of_another_company(self):
        self.plan.company_id = self.env["res.company"].create({"name": "Second"})
        lead = self.new_lead(self.acquaintance, company_id=self.env.company.id)
        self.assertFalse(self.started(lead))
        self.plan.company_id = self.env.company
        self.assertEqual(self.summaries(self.new_lead(self.acquaintance)), _BOTH)

    def test_not_when_imported(self):
        result = (
            self.env["crm.lead"]
            .with_context(import_file=True)
            .load(
                ["name", "type", "team_id/.id", "stage_id/.id"],
                [
                    [f"Imported {n}", "opportunity", str(self.team.id), str(self.acquaintance.id)]
                    for n in range(3)
                ],
            )
        )
        self.env.cr.flush()
        leads = self.env["crm.lead"].browse(result["ids"])
        self.assertEqual(leads.stage_id, self.acquaintance)
        self.assertFalse(self.started(leads))

    def test_also_while_enforcement_is_off(self):
        """A plan forbids nothing."""
        self.set_enforcement("off")
        self.assertTrue(self.started(self.new_lead(self.acquaintance)))

    def test_archived_plan(self):
        self.plan.active = False
        self.assertFalse(self.started(self.new_lead(self.acquaintance)))

    def test_configuration_is_followed(self):
        self.new_lead(self.acquaintance)
        self.acquaintance.activity_plan_id = False
        self.assertFalse(self.started(self.new_lead(self.acquaintance)))
        self.contract.activity_plan_id = self.plan
        self.assertEqual(self.summaries(self.new_lead(self.contract)), _BOTH)

    def test_shown_on_the_lead(self):
        lead = self.new_lead(self.acquaintance).with_user(self.ivanov)
        call, check = self.started(lead)
        call.action_feedback(feedback="Reached")
        self.assertEqual(lead.stage_rule_activity_ids, call | check)
        states = dict(lead.stage_rule_activity_ids.mapped(lambda a: (a.summary, a.state)))
        self.assertEqual(states, {"Call the decision maker": "done", "Check the client": "today"})
        self.move(lead, self.presentation)
        self.assertFalse(lead.stage_rule_activity_ids)

    def test_cost(self):
        """A hundred leads are moved in little more queries than one; none without rules."""

        def queries(leads, stage):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            leads.stage_id = stage
            self.env.cr.flush()
            return self.env.cr.sql_log_count - before

        def new_leads(count):
            leads = self.env["crm.lead"].create(
                [
                    {
                        "name": f"Lead {n}",
                        "type": "opportunity",
                        "team_id": self.team.id,
                        "user_id": self.ivanov.id,
                        "stage_id": self.list.id,
                    }
                    for n in range(count)
                ]
            )
            self.env.cr.flush()
            return leads

        queries(new_leads(1), self.contract)
        one, hundred = new_leads(1), new_leads(100)
        with_rules = queries(one, self.contract)
        for_hundred = queries(hundred, self.acquaintance)
        self.assertEqual(len(self.started(hundred)), 200)
        self.assertLessEqual(for_hundred, 120)
        self.acquaintance.activity_plan_id = False
        queries(new_leads(1), self.contract)
        self.assertEqual(with_rules, queries(new_leads(1), self.contract))


@tagged("post_install", "-at_install")
class TestMaterial(RuleCase):
    def compose(self, lead, user=None):
        action = lead.with_user(user or self.ivanov).action_send_material()
        form = Form(
            self.env["mail.compose.message"]
            .with_user(user or self.ivanov)
            .with_context(**action["context"])
        )
        return form.save()

    def logs(self, lead):
        return self.env["crm.contact.log"].search([("lead_id", "=", lead.id)])

    def test_sending_is_logged(self):
        lead = self.new_lead(self.presentation, partner_id=self.client.id)
        composer = self.compose(lead)
        self.assertEqual(composer.attachment_ids.mapped("name"), ["catalogue.txt"])
        self.assertEqual(composer.partner_ids, self.client)
        self.assertFalse(lead.material_sent_at)
        composer.body = "<p>Our catalogue</p>"
        composer._action_send_mail()
        [log] = self.logs(lead)
        message = lead.message_ids[0]
        self.assertEqual(message.attachment_ids.mapped("name"), ["catalogue.txt"])
        self.assertEqual(
            (log.kind, log.contact_id, log.user_id, log.state, log.result),
            ("material", self.client, self.ivanov, "done", "Sent: catalogue.txt"),
        )
        self.assertEqual((log.sent_message_id, log.date), (message, message.date))
        lead.invalidate_recordset()
        self.assertEqual(lead.material_sent_at, message.date)
        self.assertEqual(self.presentation.material_ids, self.catalogue, "the stage keeps it")
        self.move(lead, self.contract)
        self.assertFalse(lead.material_sent_at)

    def test_sending_does_the_step(self):
        """What the plan asked to send is sent: its step is done, and there is one contact."""
        self.plan_material(self.presentation)
        lead = self.new_lead(self.presentation, partner_id=self.client.id)
        other = self.new_lead(self.presentation, partner_id=self.client.id)
        step, call = self.started(lead)
        self.assertIn("To send: catalogue.txt", step.note)
        self.assertFalse(call.note)
        own = lead.activity_schedule("mail.mail_activity_data_email", user_id=self.ivanov.id)
        self.compose(lead, self.head)._action_send_mail()
        self.assertTrue(step.active, "it was for somebody else to do")
        self.compose(lead)._action_send_mail()
        self.assertFalse(step.active)
        self.assertEqual(step.feedback, "Sent: catalogue.txt")
        self.assertTrue(call.active and own.active)
        self.assertEqual(len(self.started(other)), 2)
        sent = self.logs(lead).filtered(lambda log: log.user_id == self.ivanov)
        self.assertEqual((sent.activity_id, sent.state), (step, "done"))
        self.compose(lead)._action_send_mail()
        self.assertEqual(set(self.logs(lead).mapped("state")), {"done"})
        self.assertEqual(len(self.logs(lead)), 3)

    def plan_material(self, stage):
        """To send the material, and to call."""
        stage.activity_plan_id = self.env["mail.activity.plan"].create(
            {
                "name": "Material",
                "res_model": "crm.lead",
                "template_ids": [
                    (0, 0, {"activity_type_id": self.env.ref(f"mail.mail_activity_data_{kind}").id})
                    for kind in ("email", "call")
                ],
            }
        )

    def test_other_messages_are_not(self):
        lead = self.new_lead(self.presentation, partner_id=self.client.id)
        lead.with_user(self.ivanov).message_post(
            body="Hello", partner_ids=self.client.ids, subtype_xmlid="mail.mt_comment"
        )
        self.assertFalse(self.logs(lead))

    def test_with_a_template(self):
        self.presentation.material_template_id = self.env["mail.template"].create(
            {
                "name": "Catalogue",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "subject": "On {{ object.name }}",
                "body_html": "<p>Here it is</p>",
                "use_default_to": True,
            }
        )
        lead = self.new_lead(self.presentation, partner_id=self.client.id, name="Supplies")
        composer = self.compose(lead)
        self.assertEqual(composer.subject, "On Supplies")
        self.assertEqual(composer.attachment_ids.mapped("name"), ["catalogue.txt"])
        composer._action_send_mail()
        [log] = self.logs(lead)
        self.assertEqual(log.contact_id, self.client)

    def test_only_an_address_is_known(self):
        lead = self.new_lead(self.presentation, email_from="Petr <petr@lesnoy.example.com>")
        self.compose(lead)._action_send_mail()
        [log] = self.logs(lead)
        self.assertEqual(log.contact_id.email, "petr@lesnoy.example.com")

    def test_nobody_to_send_to(self):
        with self.assertRaisesRegex(UserError, "Where is the material to go"):
            self.new_lead(self.presentation).action_send_material()
        with self.assertRaisesRegex(UserError, "has no material"):
            self.new_lead(self.contract, partner_id=self.client.id).action_send_material()

    def test_salespersons_read_the_material(self):
        self.assertEqual(self.catalogue.res_id, self.presentation.id)
        self.assertEqual(self.catalogue.with_user(self.sidorov).raw, b"Catalogue")


@tagged("post_install", "-at_install")
class TestStageRulesTour(RuleCase, HttpCase):
    def test_tour(self):
        """What the stage asks for is shown, done, and the material is sent."""
        self.env.user.lang = "en_US"
        lead = self.new_lead(self.acquaintance, name="Toured Rules", partner_id=self.client.id)
        url = f"/odoo/crm.lead/{lead.id}"
        self.start_tour(url, "sales_funnel_control.stage_rules", login="test_ivanov")
        [log] = self.env["crm.contact.log"].search([("lead_id", "=", lead.id)])
        self.assertEqual((log.kind, log.contact_id), ("material", self.client))
        self.assertEqual(log.sent_message_id.attachment_ids.mapped("name"), ["catalogue.txt"])
