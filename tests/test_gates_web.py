from odoo.tests import new_test_user, tagged

from .common import Json2Case
from .test_gates import GateCase


@tagged("post_install", "-at_install")
class TestGatesOverHttp(GateCase, Json2Case):
    """The paths that lead in from outside, and the web client."""

    def test_json2(self):
        lead = self.deal(known=0)
        vals = {"stage_id": self.acquaintance.id}
        for context in (
            {},
            {"sales_funnel_control.gate_manner": ["override", "x"]},
            {"sales_funnel_control.gate_deferral": {"places": {}}},
        ):
            answer = self.json2(
                self.ivanov, "crm.lead/write", ids=lead.ids, vals=vals, context=context
            )
            self.assertEqual(answer.status_code, 422, answer.text)
            self.assertIn("Acquaintance: to enter it", answer.json()["message"])
        answer = self.json2(
            self.ivanov,
            "crm.lead/create",
            vals_list=[{"name": "New", "type": "opportunity", "team_id": self.team.id, **vals}],
        )
        self.assertEqual(answer.status_code, 422)
        answer = self.json2(
            self.ivanov, "crm.lead/write", ids=lead.ids, vals={**vals, "phone": "+7 812 1"}
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, self.acquaintance)

    def test_override_by_json2(self):
        lead = self.deal(known=0)
        arguments = {"ids": lead.ids, "stage_id": self.presentation.id}
        for user, reason, status in (
            (self.ivanov, "He signs today", 403),
            (self.head, " ", 422),
            (self.head, 5, 422),
            (self.head, "He signs today", 200),
        ):
            answer = self.json2(user, "crm.lead/action_override_gate", reason=reason, **arguments)
            self.assertEqual(answer.status_code, status, answer.text)
        rows = self.Bypass.search([("lead_id", "=", lead.id)])
        self.assertEqual(set(rows.mapped("channel")), {"rpc"})
        answer = self.json2(self.ivanov, "crm.stage.bypass/search_count", domain=[])
        self.assertGreaterEqual(answer.json(), 2)
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        answer = self.json2(portal, "crm.stage.bypass/search_count", domain=[])
        self.assertEqual(answer.status_code, 403)

    def test_import_by_json2(self):
        answer = self.json2(
            self.ivanov,
            "crm.lead/load",
            fields=["name", "type", "team_id/.id", "stage_id/.id", "phone", "partner_name"],
            data=[
                [name, "opportunity", str(self.team.id), str(self.acquaintance.id), phone, name]
                for name, phone in (("A", "1"), ("B", ""), ("C", "2"))
            ],
        )
        result = answer.json()
        self.assertFalse(result["ids"])
        self.assertEqual([m["rows"]["from"] for m in result["messages"]], [1])

    def test_mail_link(self):
        lead = self.deal(known=0)
        lead.stage_id.gate_level = False
        link = lead._notify_get_action_link("controller", controller="/lead/case_mark_won")
        self.authenticate("test_ivanov", "test_ivanov")
        self.url_open(link.partition(lead.get_base_url())[2] or link, allow_redirects=False)
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, self.list)

    def test_mail_gateway_brings_requests_in(self):
        """What comes by itself is not turned away: it waits before the gates."""
        self.list.gate_level = "contact"
        lead = self.env["crm.lead"].message_new(
            {"subject": "A request", "from": "a@example.com", "to": "x", "author_id": False},
            {"team_id": self.team.id, "type": "opportunity"},
        )
        self.assertEqual(lead.stage_id, self.list)

    def start(self, url, name, login="test_ivanov"):
        self.env.ref("base.user_admin").lang = "en_US"
        self.start_tour(url, f"sales_funnel_control.{name}", login=login, timeout=120)

    def test_kanban(self):
        lead = self.deal(known=0, name="Gated Deal")
        action = self.env.ref("crm.crm_lead_action_pipeline")
        self.start(f"/odoo/action-{action.id}", "gate_kanban")
        self.assertEqual(lead.stage_id, self.acquaintance)
        self.assertEqual(lead.phone, "+7 812 555-00-00")

    def test_form_and_override(self):
        lead = self.deal(self.acquaintance, name="Gated Deal")
        url = f"/odoo/action-{self.env.ref('crm.crm_lead_action_pipeline').id}/{lead.id}"
        self.start(url, "gate_form")
        self.assertEqual(lead.stage_id, self.presentation)
        self.assertEqual((lead.city, lead.function), ("Samara", "Director"))
        self.assertFalse(self.Bypass.search([("lead_id", "=", lead.id)]))
        self.start(url, "gate_override", login="test_head")
        [row] = self.Bypass.search([("lead_id", "=", lead.id)])
        self.assertEqual((row.channel, row.reason), ("web", "The client signs today"))
        self.assertEqual(row.stage_id, self.contract)

    def test_list(self):
        leads = self.unknown("First Deal") | self.unknown("Second Deal")
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Two Deals",
                "res_model": "crm.lead",
                "view_mode": "list",
                "domain": f"[('id', 'in', {leads.ids})]",
                "view_id": self.env.ref("crm.crm_case_tree_view_oppor").id,
            }
        )
        self.start(f"/odoo/action-{action.id}", "gate_list")
        self.assertEqual(leads.stage_id, self.list)
