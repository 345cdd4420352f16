from odoo import fields, models


class ResCompany(models.Model):
    """When clients are asked for an opinion, and how complaints are worked off."""

    _inherit = "res.company"

    opinion_after_order = fields.Boolean(
        "After an Order",
        help="Ask who ordered, some days after the delivery.",
        prefetch="funnel",
    )
    opinion_after_deal = fields.Boolean(
        "After a Deal Won", help="Ask the client of the deal.", prefetch="funnel"
    )
    opinion_after_case = fields.Boolean(
        "After a Complaint",
        help="Ask again, once a complaint was worked off.",
        prefetch="funnel",
    )
    opinion_days = fields.Integer(
        "Ask After, Days",
        default=7,
        help="Days after the delivery date of the order, or its confirmation where it has none; "
        "after the deal was won.",
        prefetch="funnel",
    )
    opinion_pause_days = fields.Integer(
        "Pause, Days",
        default=90,
        help="No client is asked again within so many days, whichever persons ordered.",
        prefetch="funnel",
    )
    opinion_opens_case = fields.Selection(
        [("unhappy", "Unhappy"), ("neutral", "Neutral or Unhappy")],
        "Opens a Complaint",
        default="unhappy",
        required=True,
        help="Answers that become a complaint to be worked off.",
        prefetch="funnel",
    )
    case_days = fields.Integer(
        "Term, Days",
        default=3,
        help="A complaint is to be worked off within so many days.",
        prefetch="funnel",
    )
    case_user_id = fields.Many2one(
        "res.users",
        "Responsible for Complaints",
        domain=[("share", "=", False)],
        help="The leader of the client's sales team where nobody is chosen.",
        prefetch="funnel",
    )
    case_ask_again_days = fields.Integer(
        "Ask Again After, Days",
        default=14,
        help="Days from the end of a complaint until the client is asked whether all is well.",
        prefetch="funnel",
    )

    _opinion_days_not_negative = models.Constraint(
        "CHECK (opinion_days >= 0 AND opinion_pause_days >= 0)",
        "Days until clients are asked for an opinion cannot be negative.",
    )
    _case_days_positive = models.Constraint(
        "CHECK (case_days >= 1 AND case_ask_again_days >= 1)",
        "The term of a complaint, and the time until the client is asked again, take one day "
        "at least.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    opinion_after_order = fields.Boolean(related="company_id.opinion_after_order", readonly=False)
    opinion_after_deal = fields.Boolean(related="company_id.opinion_after_deal", readonly=False)
    opinion_after_case = fields.Boolean(related="company_id.opinion_after_case", readonly=False)
    opinion_days = fields.Integer(related="company_id.opinion_days", readonly=False)
    opinion_pause_days = fields.Integer(related="company_id.opinion_pause_days", readonly=False)
    opinion_opens_case = fields.Selection(
        related="company_id.opinion_opens_case", readonly=False, required=True
    )
    case_days = fields.Integer(related="company_id.case_days", readonly=False)
    case_user_id = fields.Many2one(related="company_id.case_user_id", readonly=False)
    case_ask_again_days = fields.Integer(related="company_id.case_ask_again_days", readonly=False)
