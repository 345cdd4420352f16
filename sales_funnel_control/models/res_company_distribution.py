from odoo import api, fields, models
from odoo.tools import ormcache

_SWITCHES = {"distribution_by_role", "handover_to_farmer"}


class ResCompany(models.Model):
    """Whether leads are distributed by role and grade, and clients won handed to farmers."""

    _inherit = "res.company"

    distribution_by_role = fields.Boolean(
        "Distribute by Role and Grade",
        help="Odoo's rule-based assignment gives each manager only the leads that the role and "
        "the grade take. Assigning others by hand is possible, and marked.",
        prefetch="funnel",
    )
    handover_to_farmer = fields.Boolean(
        "Hand Clients Won to Farmers",
        help="When a hunter wins a client who has no farmer yet, a farmer of the team that grows "
        "the clients won takes charge and gets the client's next leads and opportunities.",
        prefetch="funnel",
    )
    handover_keeps_hunter = fields.Boolean(
        "Hunter Follows the Client",
        default=True,
        help="The hunter who won the client goes on reading what is written about it.",
        prefetch="funnel",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        if any(not _SWITCHES.isdisjoint(vals) for vals in vals_list):
            self.env.registry.clear_cache("stable")
        return companies

    def write(self, vals):
        result = super().write(vals)
        if not _SWITCHES.isdisjoint(vals):
            self.env.registry.clear_cache("stable")
        return result

    @api.model
    def _switched_on(self, switch):
        """Ids of the companies that have a switch of the distribution on."""
        return self._switches()[switch]

    @api.model
    @ormcache(cache="stable")
    def _switches(self):
        """Ids of companies by switch. Asked with every lead, and changed hardly ever."""
        companies = self.sudo().with_context(active_test=True).search_fetch([], list(_SWITCHES))
        return {switch: frozenset(companies.filtered(switch).ids) for switch in _SWITCHES}
