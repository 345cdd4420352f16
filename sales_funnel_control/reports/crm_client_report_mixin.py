from odoo import fields, models

from ..models.crm_client import CLIENT_CATEGORIES, CLIENT_RATINGS
from ..models.crm_team_member import SALES_ROLES


class CrmClientReportMixin(models.AbstractModel):
    """A report on clients: which client, of what kind, in whose charge."""

    _name = "crm.client.report.mixin"
    _inherit = "crm.group.order.mixin"
    _description = "Report on Clients"

    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    user_id = fields.Many2one("res.users", "Manager in Charge", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    state_id = fields.Many2one("res.country.state", readonly=True)
    industry_id = fields.Many2one("res.partner.industry", "Segment", readonly=True)
    category = fields.Selection(CLIENT_CATEGORIES, readonly=True)
    rating = fields.Selection(CLIENT_RATINGS, readonly=True)
