from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.env["crm.lead.stage.history"]._forget_circumstances()
        return result
