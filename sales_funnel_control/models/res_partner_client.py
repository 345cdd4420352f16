from odoo import api, fields, models
from odoo.fields import Domain

from .crm_client import CLIENT_CATEGORIES, CLIENT_RATINGS

_SALES = "sales_team.group_sale_salesman"


class ResPartner(models.Model):
    """What the client is to the present company; its contact persons show the same."""

    _inherit = "res.partner"

    client_ids = fields.One2many("crm.client", "partner_id", groups=_SALES)
    client_category = fields.Selection(
        CLIENT_CATEGORIES,
        "Category",
        compute="_compute_client",
        search="_search_client_category",
        compute_sudo=True,
        groups=_SALES,
        help="What the client is to us, by its purchases.",
    )
    client_rating = fields.Selection(
        CLIENT_RATINGS,
        "Rating",
        compute="_compute_client",
        search="_search_client_rating",
        compute_sudo=True,
        groups=_SALES,
        help="Worth to the company: A is the highest.",
    )

    @api.depends("commercial_partner_id.client_ids.category")
    @api.depends_context("company")
    def _compute_client(self):
        clients = self.env["crm.client"]._of(self, self.env.company)
        nobody = self.env["crm.client"]
        for partner in self:
            client = clients.get(partner.commercial_partner_id._origin, nobody)
            partner.client_category = client.category
            partner.client_rating = client.rating

    def _search_client_category(self, operator, value):
        return self._search_client("category", operator, value)

    def _search_client_rating(self, operator, value):
        return self._search_client("rating", operator, value)

    def _search_client(self, name, operator, value):
        """Contacts whose client has a value; who is no client has none."""
        if operator != "in":
            return NotImplemented
        own = [("company_id", "=", self.env.company.id)]
        Client = self.env["crm.client"].sudo()
        found = Client._search([*own, (name, "in", [each for each in value if each])])
        domain = Domain("commercial_partner_id.id", "in", found.subselect("partner_id"))
        if False in value:
            known = Client._search([*own, (name, "!=", False)])
            domain |= Domain("commercial_partner_id.id", "not in", known.subselect("partner_id"))
        return domain
