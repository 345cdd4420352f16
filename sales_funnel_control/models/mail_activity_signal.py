from odoo import models


class MailActivity(models.Model):
    """Doing what a signal asked for is work on the signal."""

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        signals = self.env["crm.client.signal"].sudo()
        if self.ids:
            signals = signals.search(
                [("activity_id", "in", self.ids), ("state", "in", ("new", "in_work"))]
            )
        # Before: the activity of a model that keeps none is deleted.
        signals._activity_done()
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
