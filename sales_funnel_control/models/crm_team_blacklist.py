from odoo import models
from odoo.fields import Domain


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def _get_lead_to_assign_domain(self):
        """Leads of blacklisted clients are given to nobody, and hold nothing up."""
        domain = Domain(super()._get_lead_to_assign_domain())
        return list(domain & self.env["crm.lead"]._not_blacklisted_domain())
