from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

from .crm_lead_stage_history import LEAD_CLASSES


class CrmLeadClassRule(models.Model):
    """Proposes the class of a lead: the first rule that the lead matches."""

    _name = "crm.lead.class.rule"
    _inherit = ["crm.domain.rule.mixin", "crm.remembered.mixin"]
    _description = "Lead Class Rule"
    _rule_model = "crm.lead"
    # What it proposes itself.
    _rule_follows = {"lead_class", "lead_class_is_manual"}

    lead_class = fields.Selection(LEAD_CLASSES, "Class", required=True)
    domain = fields.Char(
        "Leads",
        help="Which leads are of this class. The first rule from the top that fits counts.",
    )
    company_id = fields.Many2one(help="Leave empty for the leads of all companies.")

    def action_propose_anew(self):
        """Open a run that proposes the class of all leads in work anew.

        :return: the window of the run, which the user starts
        """
        return self.env["crm.lead.class.run"]._open_new()

    # -- proposing ----------------------------------------------------------------------------

    @api.model
    @ormcache(cache="stable")
    def _rules(self):
        """``(class, domain)`` of the rules in force, in their order."""
        return tuple(
            (
                rule.lead_class,
                rule._condition()
                & (
                    Domain("company_id", "in", [rule.company_id.id, False])
                    if rule.company_id
                    else Domain.TRUE
                ),
            )
            for rule in self.sudo().with_context(active_test=True).search([])._readable()
        )

    @api.model
    @ormcache(cache="stable")
    def _asked_fields(self):
        """Fields of the lead on whose change the rules are asked anew."""
        return frozenset(name for _class, domain in self._rules() for name in _first_fields(domain))

    @api.model
    def _propose(self, leads):
        """The leads by the class that the rules propose for them; False for none.

        :param leads: rights are not asked: the class does not depend on who writes the lead
        """
        left = leads.sudo()
        proposals = {}
        for lead_class, domain in self._rules():
            matching = left.filtered_domain(domain)
            proposals[lead_class] = proposals.get(lead_class, leads.browse()) | matching
            left -= matching
        proposals[False] = left
        return proposals


def _first_fields(domain):
    return {condition.field_expr.partition(".")[0] for condition in domain.iter_conditions()}
