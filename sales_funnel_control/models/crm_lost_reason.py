from odoo import fields, models


class CrmLostReason(models.Model):
    _inherit = "crm.lost.reason"

    is_spam_or_duplicate = fields.Boolean(
        "Spam or Duplicate",
        help="There was no client behind the lead: "
        "refusals with this reason are kept out of the conversion rates and counted apart.",
    )
