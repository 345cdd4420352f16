from odoo import fields, models


class ResCompany(models.Model):
    """What planning assumes where the company's own history does not say."""

    _inherit = "res.company"

    plan_meetings_per_move = fields.Float(
        "Meetings per Stage Move",
        default=1.0,
        help="Meetings it takes to bring a client one stage further, as long as the team's own "
        "history does not say.",
        prefetch="funnel",
    )
    plan_calls_per_move = fields.Float(
        "Calls per Stage Move",
        default=2.0,
        help="Calls, or warm contacts, it takes to bring a client one stage further, as long as "
        "the team's own history does not say.",
        prefetch="funnel",
    )
    capacity_contacts_per_client = fields.Float(
        "Contacts per Client and Week",
        default=0.5,
        help="Contacts that a client in work needs in a week: 0.5 is one in two weeks.",
        prefetch="funnel",
    )
    capacity_contacts_per_week = fields.Integer(
        "Contacts of a Full Week",
        default=30,
        help="Contacts a manager can make in a full working week, where no norm says it.",
        prefetch="funnel",
    )
    capacity_ramp_weeks = fields.Integer(
        "Weeks a Trainee Learns",
        default=12,
        help="After so many weeks a trainee carries a full load; until then it grows evenly.",
        prefetch="funnel",
    )
    capacity_neglected_days = fields.Integer(
        "Neglected After, Days",
        default=30,
        help="Nobody works a client with whom nothing is planned and for so many days nobody "
        "talked.",
        prefetch="funnel",
    )

    _plan_not_negative = models.Constraint(
        "CHECK (plan_meetings_per_move >= 0 AND plan_calls_per_move >= 0"
        " AND capacity_contacts_per_client >= 0)",
        "Numbers of contacts cannot be negative.",
    )
    _capacity_positive = models.Constraint(
        "CHECK (capacity_contacts_per_week > 0 AND capacity_ramp_weeks >= 0"
        " AND capacity_neglected_days > 0)",
        "A full week has one contact at least, and days of neglect are one at least.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    plan_meetings_per_move = fields.Float(
        related="company_id.plan_meetings_per_move", readonly=False
    )
    plan_calls_per_move = fields.Float(related="company_id.plan_calls_per_move", readonly=False)
    capacity_contacts_per_client = fields.Float(
        related="company_id.capacity_contacts_per_client", readonly=False
    )
    capacity_contacts_per_week = fields.Integer(
        related="company_id.capacity_contacts_per_week", readonly=False
    )
    capacity_ramp_weeks = fields.Integer(related="company_id.capacity_ramp_weeks", readonly=False)
    capacity_neglected_days = fields.Integer(
        related="company_id.capacity_neglected_days", readonly=False
    )
