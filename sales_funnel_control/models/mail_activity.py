from odoo import api, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    @api.onchange("activity_type_id")
    def _onchange_activity_type_id(self):
        """Keep what the control board proposes, whatever kind of activity is chosen."""
        result = super()._onchange_activity_type_id()
        planned = self.env.context.get("planned_activity")
        if planned:
            self.summary = planned["summary"]
            self.user_id = planned["user_id"]
        return result

    def _action_done(self, feedback=False, attachment_ids=None):
        """Returning to a refused client, or keeping a promise, is done with its reminder."""
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        self.env["crm.lead.refusal"].sudo()._reminders_done(self)
        return result
