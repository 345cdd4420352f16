from odoo import api, fields, models

_SALES = "sales_team.group_sale_salesman"


class ResPartner(models.Model):
    """What cards a client holds, in plain words."""

    _inherit = "res.partner"

    loyalty_summary = fields.Text(
        "Loyalty Cards",
        compute="_compute_loyalty_summary",
        compute_sudo=True,
        groups=_SALES,
        help="Cards of the contact and of its organisation, their points and what they give.",
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_loyalty_summary(self):
        company = self.env.company
        cards = self.env["loyalty.card"].search(
            [
                ("partner_id", "in", (self | self.commercial_partner_id).ids),
                ("program_id.active", "=", True),
                ("program_id.program_type", "=", "loyalty"),
                ("company_id", "in", [False, company.id, company.parent_id.id]),
                "|",
                ("expiration_date", "=", False),
                ("expiration_date", ">=", company._funnel_today()),
            ],
            order="id",
        )
        by_partner = cards.grouped("partner_id")
        for partner in self:
            own = by_partner.get(partner._origin, cards.browse())
            of_client = by_partner.get(partner.commercial_partner_id._origin, cards.browse())
            partner.loyalty_summary = "\n".join(card._in_words() for card in of_client | own)
