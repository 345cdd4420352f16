from odoo import models

# What of a contact a client follows: who is in charge, whose it is, whether it is worked with.
_FOLLOWED = {"farmer_id", "user_id", "parent_id", "is_company", "is_sales_blacklisted"}


class ResPartner(models.Model):
    """Clients follow their contacts at once."""

    _inherit = "res.partner"

    def write(self, vals):
        if _FOLLOWED.isdisjoint(vals):
            return super().write(vals)
        former = self.sudo().commercial_partner_id
        result = super().write(vals)
        self.env["crm.client"]._note_for_refresh(
            (former | self.sudo().commercial_partner_id | self).ids
        )
        return result
