from odoo import api, models

# What of a contact a client follows: who is in charge, whose it is, whether it is worked with.
_FOLLOWED = {"farmer_id", "user_id", "parent_id", "is_company", "is_sales_blacklisted"}


class ResPartner(models.Model):
    """Clients follow their contacts at once."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        in_charge = partners.sudo().filtered("farmer_id")
        if in_charge:
            self.env["crm.client"]._note_for_refresh(in_charge.commercial_partner_id.ids)
        return partners

    def write(self, vals):
        if _FOLLOWED.isdisjoint(vals):
            return super().write(vals)
        former = self.sudo().commercial_partner_id
        result = super().write(vals)
        self.env["crm.client"]._note_for_refresh(
            (former | self.sudo().commercial_partner_id | self).ids
        )
        return result
