from odoo import fields, models

from .crm_client import CLIENT_CATEGORIES
from .crm_team_member import SALES_ROLES


class CrmClientCategoryHistory(models.Model):
    """A client that came from one category into another, and in whose charge it was then.

    Written by the system only.
    """

    _name = "crm.client.category.history"
    _description = "Category Transition"
    _order = "changed_on DESC, id DESC"
    _rec_name = "partner_id"

    client_id = fields.Many2one(
        "crm.client",
        "In the Client Base",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        readonly=True,
        index="btree_not_null",
        help="Who was in charge of the client on that day.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    country_id = fields.Many2one(related="partner_id.country_id")
    industry_id = fields.Many2one(related="partner_id.industry_id", string="Segment")
    category_from = fields.Selection(CLIENT_CATEGORIES, "From", readonly=True)
    category_to = fields.Selection(CLIENT_CATEGORIES, "To", required=True, readonly=True)
    changed_on = fields.Date(
        required=True, readonly=True, index=True, help="The day in the company's time zone."
    )
    week_start = fields.Date(
        "Week", required=True, readonly=True, help="Monday of the week of the transition."
    )
    is_manual = fields.Boolean(
        "By Hand", readonly=True, help="A manager set the category; no rule did."
    )
    reason = fields.Char(readonly=True, help="Why it was set by hand.")
    set_by_id = fields.Many2one("res.users", "Set by", readonly=True)
