from odoo import models


class CrmLead(models.Model):
    """Complaints that come up while a deal is worked."""

    _inherit = "crm.lead"

    def action_new_case(self):
        """Enter a complaint of the lead's client."""
        self.ensure_one()
        deal = self if self.type == "opportunity" else self.browse()
        return self.env["crm.client.case"]._new_action(self.partner_id, default_lead_id=deal.id)
