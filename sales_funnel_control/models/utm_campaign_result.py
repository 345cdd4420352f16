from odoo import api, fields, models

from .utm_campaign import _SALES

_COUNTED = ("invited", "answered", "interested", "came", "bought", "sales")
_MONEY = ("revenue", "revenue_after")


class UtmCampaign(models.Model):
    """What a special program brought, against what it cost."""

    _inherit = "utm.campaign"

    program_invited = fields.Integer("Invited", compute="_compute_results", groups=_SALES)
    program_answered = fields.Integer("Answered", compute="_compute_results", groups=_SALES)
    program_interested = fields.Integer("Interested", compute="_compute_results", groups=_SALES)
    program_came = fields.Integer("Came", compute="_compute_results", groups=_SALES)
    program_bought = fields.Integer("Clients Who Bought", compute="_compute_results", groups=_SALES)
    program_sales = fields.Integer("Sales", compute="_compute_results", groups=_SALES)
    program_revenue = fields.Monetary(
        "Sold in the Program",
        compute="_compute_results",
        groups=_SALES,
        help="Untaxed purchases that carry the program, or came from its opportunities.",
    )
    program_revenue_after = fields.Monetary(
        "All Purchases Afterwards",
        compute="_compute_results",
        groups=_SALES,
        help="Everything the invited bought in the days to watch, the program's sales among it: "
        "no proof that the program brought it.",
    )
    cost_per_answer = fields.Monetary(
        compute="_compute_results", groups=_SALES, help="Cost ÷ answers."
    )
    cost_per_sale = fields.Monetary(
        compute="_compute_results", groups=_SALES, help="Cost ÷ sales of the program."
    )
    program_return = fields.Float(
        "Return",
        digits=(16, 2),
        compute="_compute_results",
        groups=_SALES,
        help="Sold in the program ÷ cost: at 1 it brought in what it cost.",
    )

    @api.depends("program_member_ids.state", "program_member_ids.lead_id", "cost", "effect_days")
    @api.depends_context("uid")
    def _compute_results(self):
        results = self.env["crm.program.member"]._results_of(self._origin)
        for campaign in self:
            result = results.get(campaign._origin, {})
            cost = result.get("cost") or 0
            for name in (*_COUNTED, *_MONEY):
                campaign[f"program_{name}"] = result.get(name) or 0
            campaign.cost_per_answer = _ratio(cost, campaign.program_answered)
            campaign.cost_per_sale = _ratio(cost, campaign.program_sales)
            campaign.program_return = _ratio(campaign.program_revenue, float(cost))


def _ratio(part, whole):
    return float(part) / whole if whole else 0
