from odoo import fields, models

from ..models.crm_team_member import GRADES, SALES_ROLES


class CrmManagerReportMixin(models.AbstractModel):
    """A report on managers: who they are, in which team and role."""

    _name = "crm.manager.report.mixin"
    _inherit = "crm.group.order.mixin"
    _description = "Report on Managers"

    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Manager", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)
