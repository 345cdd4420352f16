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
