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

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._role_changes()
        return super().create(vals_list)

    def write(self, vals):
        if not {"active", "crm_team_id", "grade", "sales_role", "user_id"}.isdisjoint(vals):
            self._role_changes()
        return super().write(vals)

    def unlink(self):
        self._role_changes()
        return super().unlink()

    def _role_changes(self):
        """Stays begun so far keep the role and grade of their moment; later ones ask anew."""
        history = self.env["crm.lead.stage.history"].sudo()
        history._catch_up()
        history._forget_circumstances()
