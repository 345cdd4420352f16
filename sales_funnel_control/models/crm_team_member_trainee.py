from odoo import api, models
from odoo.tools import ormcache

_ROLE_FIELDS = {"active", "crm_team_id", "sales_role", "user_id"}


class CrmTeamMember(models.Model):
    """Trainees work cold leads only."""

    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        if "trainee" in members.mapped("sales_role"):
            self.env.registry.clear_cache()
        return members

    def write(self, vals):
        result = super().write(vals)
        if not _ROLE_FIELDS.isdisjoint(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @ormcache()
    def _trainees(self):
        """``(team id, user id)`` of every trainee."""
        members = self.sudo().with_context(active_test=True)
        trainees = members.search([("sales_role", "=", "trainee")])
        return frozenset((member.crm_team_id.id, member.user_id.id) for member in trainees)
