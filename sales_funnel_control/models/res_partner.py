from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        result = super().write(vals)
        if "tz" in vals:
            companies = self.env["res.company"].sudo().search([("partner_id", "in", self.ids)])
            if companies:
                companies._weeks_moved()
        return result
