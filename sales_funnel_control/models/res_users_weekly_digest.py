from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    weekly_digest = fields.Boolean(
        "Weekly Review by E-Mail",
        default=True,
        help="The e-mail of Monday morning with the figures of the past week, where the company "
        "sends it.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "weekly_digest"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "weekly_digest"]
