from odoo import api, fields, models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    _inherit = "res.partner"

    # ``is_blacklisted`` is Odoo's own, and about mass mailing.
    is_sales_blacklisted = fields.Boolean(
        "Blacklisted for Sales",
        tracking=True,
        copy=False,
        help="Nobody works with this client: refusals are not handed to other managers.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("is_sales_blacklisted") for vals in vals_list):
            self._check_may_blacklist()
        return super().create(vals_list)

    def write(self, vals):
        if "is_sales_blacklisted" in vals:
            self._check_may_blacklist()
        result = super().write(vals)
        if "tz" in vals:
            companies = self.env["res.company"].sudo().search([("partner_id", "in", self.ids)])
            if companies:
                companies._weeks_moved()
        return result

    def _check_may_blacklist(self):
        if not self.env.su and not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Only sales administrators blacklist a client."))
