from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import scorecard

COMPONENTS = [
    ("contacts", "Contacts"),
    ("completeness", "Completeness of Client Data"),
    ("transitions", "Transitions of Clients"),
    ("conversion", "Conversion"),
    ("sales", "Sales"),
    ("tasks", "Tasks in Time"),
]


class CrmScorecardWeight(models.Model):
    """What the company holds important in a manager's work, and how important."""

    _name = "crm.scorecard.weight"
    _description = "Weight in the Scorecard"
    _order = "company_id desc, sequence, id"
    _rec_name = "component"

    sequence = fields.Integer(default=10)
    component = fields.Selection(COMPONENTS, required=True)
    weight = fields.Float(
        required=True,
        default=10,
        aggregator=None,
        digits=(16, 1),
        help="How much the component weighs beside the others. 0: it does not count.",
    )
    share = fields.Float(
        "Share, %",
        compute="_compute_share",
        help="Part of the whole score. Where a component cannot be counted in a week, the others "
        "take its share.",
    )
    cap = fields.Float(
        "At Most, %",
        required=True,
        default=scorecard.FULL,
        aggregator=None,
        digits=(16, 1),
        help="What a manager gets at most for doing more than was due. 100: nothing extra.",
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        help="Empty: every company that has no weight of its own for the component.",
    )

    _component_uniq = models.UniqueIndex(
        "(component, COALESCE(company_id, 0))",
        "This company has a weight for the component already: change that one.",
    )
    _weight_not_negative = models.Constraint(
        "CHECK (weight >= 0)", "A weight cannot be negative. 0 means that it does not count."
    )
    _cap_range = models.Constraint(
        "CHECK (cap >= 100 AND cap <= 300)",
        "A component counts for 100 per cent at least when all that was due is done, and for 300 "
        "at most.",
    )

    @api.depends("component", "weight", "company_id")
    def _compute_share(self):
        found = {}
        for company, weights in self.grouped("company_id").items():
            in_force = self._in_force(company)
            for weight in weights:
                in_force.setdefault(weight.component, weight)
            found[company] = scorecard.shares(
                {name: weight.weight for name, weight in in_force.items() if name}
            )
        for weight in self:
            weight.share = found[weight.company_id].get(weight.component, 0)

    @api.model
    def _in_force(self, company):
        """The weights that count in a company.

        :return: dict of the weight by component; a company's own before the common one
        """
        weights = (
            self.sudo()
            .with_context(active_test=True)
            .search(
                Domain("company_id", "in", [False, company.id]), order="company_id desc, sequence"
            )
        )
        by_component = {}
        # Common ones are last in that order only where the database sorts empty values so.
        for weight in weights.sorted(lambda weight: not weight.company_id):
            by_component.setdefault(weight.component, weight)
        return by_component
