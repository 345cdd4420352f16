from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

CAUSE_GROUPS = [
    ("price", "Price"),
    ("assortment", "Assortment"),
    ("product", "Product"),
    ("delivery", "Delivery Terms"),
    ("timing", "Timing and Budget"),
    ("no_need", "No Need"),
    ("other_supplier", "Other Supplier"),
    ("other", "Other"),
]


class CrmLostReason(models.Model):
    _inherit = "crm.lost.reason"

    cause_group = fields.Selection(
        CAUSE_GROUPS,
        help="What the reports add the reason up to. Reasons without a group stand apart.",
    )
    asks_real_cause = fields.Boolean(
        "Ask for the Real Cause",
        help="The reason is usually an excuse: "
        "the manager has to find out what would make the client switch.",
    )
    return_days = fields.Integer(
        "Return After, Days",
        help="So long after the refusal the client is contacted again. 0 means not planned.",
    )
    is_spam_or_duplicate = fields.Boolean(
        "Spam or Duplicate",
        help="There was no client behind the lead: "
        "refusals with this reason are kept out of the conversion rates and counted apart.",
    )
    open_door_offer = fields.Char(
        "Open-Door Offer",
        translate=True,
        help="Something of use that can be promised to the client for later: a market overview, "
        "say. Proposed whenever a client refuses for this reason.",
    )
    open_door_days = fields.Integer(
        "Offer After, Days", default=60, help="When what was offered is due."
    )
    is_exchangeable = fields.Boolean(
        "For Another Manager",
        help="Clients who refused for this reason may be handed to another manager "
        "for a second try.",
    )

    _terms_not_negative = models.Constraint(
        "CHECK (return_days >= 0 AND open_door_days >= 0)",
        "Days until a return or an offer cannot be negative.",
    )

    # -- constrains ---------------------------------------------------------------------------

    @api.constrains("is_spam_or_duplicate", "asks_real_cause", "return_days", "is_exchangeable")
    def _check_spam_has_no_return(self):
        for reason in self:
            if reason.is_spam_or_duplicate and (
                reason.asks_real_cause or reason.return_days or reason.is_exchangeable
            ):
                raise ValidationError(
                    self.env._(
                        "There is no client behind spam or a duplicate: “%(reason)s” can have "
                        "neither a real cause nor a return, and cannot be handed over.",
                        reason=reason.name,
                    )
                )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        reasons = super().create(vals_list)
        if any(reasons.mapped("is_spam_or_duplicate")):
            self.env.registry.clear_cache()
        return reasons

    def write(self, vals):
        result = super().write(vals)
        if "is_spam_or_duplicate" in vals:
            self.env.registry.clear_cache()
            self.env["crm.lead.stage.history"].sudo()._spam_changed(self)
        return result

    @api.model
    @ormcache()
    def _spam_ids(self):
        """Ids of the reasons with which there was no client, the archived ones as well."""
        spam = self.sudo().with_context(active_test=False)
        return frozenset(spam.search([("is_spam_or_duplicate", "=", True)]).ids)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_unstated(self):
        if self._unstated() in self:
            raise UserError(
                self.env._(
                    "Imports and automation state “%(reason)s” where the reason is not known yet. "
                    "Archive it instead.",
                    reason=self._unstated().name,
                )
            )

    @api.model
    def _unstated(self):
        """The reason of refusals whose reason is still to be found out; may be none."""
        return (
            self.env.ref("sales_funnel_control.lost_reason_unstated", raise_if_not_found=False)
            or self.browse()
        )
