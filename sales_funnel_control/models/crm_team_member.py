from odoo import api, fields, models

SALES_ROLES = [("hunter", "Hunter"), ("farmer", "Farmer"), ("trainee", "Trainee")]
GRADES = [("junior", "Junior"), ("middle", "Middle"), ("senior", "Senior")]


class CrmTeamMember(models.Model):
    _inherit = "crm.team.member"

    sales_role = fields.Selection(
        SALES_ROLES,
        "Role",
        compute="_compute_sales_role",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        help="A hunter wins new clients, a farmer grows existing ones, a trainee does cold work. "
        "Hunters and farmers are never ranked together.",
    )
    grade = fields.Selection(
        GRADES,
        default="middle",
        required=True,
        tracking=True,
        help="How experienced the manager is.",
    )

    @api.depends("crm_team_id")
    def _compute_sales_role(self):
        for member in self:
            if not member.sales_role:
                proactive = member.crm_team_id.funnel_kind == "proactive"
                member.sales_role = "farmer" if proactive else "hunter"
