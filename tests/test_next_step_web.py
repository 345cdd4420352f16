from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import FunnelCase


@tagged("post_install", "-at_install")
class TestNextStepWeb(FunnelCase, HttpCase):
    def test_marks_on_the_pipeline(self):
        self.env["ir.config_parameter"].set_param("sales_funnel_control.normal_cycle", "30")
        today = fields.Date.context_today(self.env.user)
        for name, days_old, summary, days in (
            ("Waits for us", 1, None, 0),
            ("Drags on", 40, "Ask again", -3),
            ("Goes well", 2, "Send the offer", 5),
        ):
            lead = self.new_lead(name=name)
            self.env.cr.execute(
                "UPDATE crm_lead_stage_history SET entered_at = %s WHERE lead_id = %s",
                (fields.Datetime.now() - timedelta(days=days_old, hours=1), lead.id),
            )
            if summary:
                self.env["mail.activity"].create(
                    {
                        "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
                        "res_id": lead.id,
                        "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                        "user_id": self.ivanov.id,
                        "summary": summary,
                        "date_deadline": today + timedelta(days=days),
                    }
                )
        self.start_tour(
            "/odoo/action-crm.crm_lead_action_pipeline?view_type=kanban",
            "sales_funnel_control.next_step",
            login="test_ivanov",
            timeout=120,
        )
