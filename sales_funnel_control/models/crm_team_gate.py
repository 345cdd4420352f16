from odoo import models


class CrmTeam(models.Model):
    """Rule-based assignment does not stop at a gate: what it let through is listed."""

    _inherit = "crm.team"

    def _assign_and_convert_leads(self, *args, **kwargs):
        teams = self.with_context(**self.env["crm.lead"]._in_manner("assignment").env.context)
        return super(CrmTeam, teams)._assign_and_convert_leads(*args, **kwargs)
