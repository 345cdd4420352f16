from odoo import api, fields, models

_SALES = "sales_team.group_sale_salesman"


class ResPartner(models.Model):
    """Whom programs pass by, and who is asked for no opinion."""

    _inherit = "res.partner"

    no_opinion_requests = fields.Boolean(
        groups=_SALES,
        tracking=True,
        help="Nobody here is asked for an opinion after a purchase. On a company it counts for "
        "all its contacts.",
        prefetch="funnel",
    )
    case_count = fields.Integer("Complaints", compute="_compute_case_count", groups=_SALES)

    @api.depends_context("uid")
    def _compute_case_count(self):
        counts = dict(
            self.env["crm.client.case"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.case_count = counts.get(partner.commercial_partner_id._origin, 0)

    def action_open_cases(self):
        """Open the complaints of the client; a new one is about it."""
        self.ensure_one()
        return self.env["crm.client.case"]._action_of(
            self.commercial_partner_id, default_contact_id=self.id if self.parent_id else False
        )
