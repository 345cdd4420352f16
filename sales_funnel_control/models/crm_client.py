from odoo import api, fields, models

from .crm_team_member import SALES_ROLES

CLIENT_CATEGORIES = [
    ("potential", "Potential Client"),
    ("buyer", "Buyer"),
    ("regular", "Regular Buyer"),
    ("key", "Key Client"),
    ("lost", "Lost"),
    ("blacklisted", "Blacklisted"),
]
CLIENT_RATINGS = [("a", "A"), ("b", "B"), ("c", "C")]


class CrmClient(models.Model):
    """A client of a company, and what its purchases say of it.

    One row for each commercial partner and company that had a deal, an order or a farmer. The
    figures come from the company's purchases, see ``_purchases_sql``, and are written by the
    system only: every night, and for single clients as soon as they order.
    """

    _name = "crm.client"
    _description = "Client"
    _order = "revenue DESC, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        readonly=True,
        ondelete="cascade",
        help="The organisation; orders of its contact persons are its own.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        readonly=True,
        index="btree_not_null",
        help="The farmer in charge, else the client's salesperson, else who had the last deal.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, index="btree_not_null", ondelete="set null"
    )
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    country_id = fields.Many2one(related="partner_id.country_id")
    state_id = fields.Many2one(related="partner_id.state_id")
    industry_id = fields.Many2one(related="partner_id.industry_id", string="Segment")

    # -- purchases ----------------------------------------------------------------------------

    purchases = fields.Integer(
        readonly=True, help="Days on which the client bought; several orders of a day are one."
    )
    first_on = fields.Date("First Purchase", readonly=True)
    last_on = fields.Date("Last Purchase", readonly=True)
    revenue = fields.Monetary(
        "Revenue, 12 Months",
        readonly=True,
        help="Untaxed purchases of the last 12 months, in the company's currency.",
    )
    revenue_before = fields.Monetary(
        "Revenue, 12 Months Before",
        readonly=True,
        help="Untaxed purchases of the 12 months before the last 12.",
    )
    revenue_total = fields.Monetary("Revenue Ever", readonly=True)
    average_purchase = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="Revenue ever by the number of purchases.",
    )
    interval_days = fields.Float(
        "Usual Interval, Days",
        digits=(16, 1),
        readonly=True,
        aggregator=None,
        help="Median of the days between one purchase and the next.",
    )

    # -- what follows from them ---------------------------------------------------------------

    category = fields.Selection(
        CLIENT_CATEGORIES, required=True, default="potential", readonly=True
    )
    category_since = fields.Date(readonly=True)
    rating = fields.Selection(
        CLIENT_RATINGS, readonly=True, help="Worth to the company: A is the highest."
    )

    # A constraint, as the merge of contacts takes no notice of a mere index.
    _of_company_unique = models.Constraint(
        "UNIQUE (partner_id, company_id)", "A client stands once in the base of a company."
    )

    # -- asking -------------------------------------------------------------------------------

    @api.model
    def _of(self, partners, company):
        """The clients that partners, or persons of theirs, belong to.

        :param partners: any contacts
        :return: client by commercial partner, with all rights
        """
        clients = self.sudo().search(
            [
                ("partner_id", "in", partners.commercial_partner_id.ids),
                ("company_id", "=", company.id),
            ]
        )
        return {client.partner_id: client for client in clients}
