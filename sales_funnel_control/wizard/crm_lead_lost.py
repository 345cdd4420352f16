from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.crm_lead_refusal import REAL_CAUSES


class CrmLeadLost(models.TransientModel):
    """Losing leads, one or many: why, in the client's words, and what comes next."""

    _inherit = "crm.lead.lost"

    needs_reason = fields.Boolean(compute="_compute_needs_reason")
    words = fields.Text(
        "Client's Words",
        help="What the client said, as it was said. After two weeks there are dozens of these, "
        "and they tell what to change.",
    )
    asks_real_cause = fields.Boolean(related="lost_reason_id.asks_real_cause")
    is_spam_or_duplicate = fields.Boolean(related="lost_reason_id.is_spam_or_duplicate")
    real_cause = fields.Selection(
        REAL_CAUSES, "What Would Make Them Switch", help="Ask once more: this is rarely the cause."
    )
    competitor_id = fields.Many2one("crm.competitor")
    offer = fields.Char(
        "Open-Door Offer",
        compute="_compute_offer",
        store=True,
        readonly=False,
        help="Something of use that was promised to the client for later.",
    )
    has_offer = fields.Boolean(
        "Keep the Door Open", help="The client agreed to be sent something of use later."
    )
    offer_on = fields.Date("Offer Due", compute="_compute_offer", store=True, readonly=False)
    return_on = fields.Date(
        "Return to the Client",
        compute="_compute_return_on",
        store=True,
        readonly=False,
        help="On this day you are reminded to contact the client again.",
    )
    objection_ids = fields.Many2many(
        "crm.objection", compute="_compute_objection_ids", string="Playbook"
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("lead_ids")
    def _compute_needs_reason(self):
        for wizard in self:
            wizard.needs_reason = bool(wizard.lead_ids._needing_refusal_reason())

    @api.depends("lost_reason_id")
    def _compute_offer(self):
        for wizard in self:
            reason = wizard.lost_reason_id
            wizard.offer = reason.open_door_offer
            wizard.offer_on = reason.open_door_offer and self._in_days(reason.open_door_days)

    @api.depends("lost_reason_id")
    def _compute_return_on(self):
        for wizard in self:
            days = wizard.lost_reason_id.return_days
            wizard.return_on = days and self._in_days(days)

    @api.depends("lost_reason_id", "lead_ids")
    def _compute_objection_ids(self):
        for wizard in self:
            reason, stages = wizard.lost_reason_id, wizard.lead_ids.stage_id
            playbook = self.env["crm.objection"]
            wizard.objection_ids = (
                playbook.search([("lost_reason_ids", "in", reason.ids)])
                if reason
                else playbook._heard_on(stages)
            )

    def _in_days(self, days):
        return self.env.company._funnel_today() + timedelta(days=days)

    @api.depends("lead_ids")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = ", ".join(wizard.lead_ids.mapped("display_name")) or self.env._(
                "Mark Lost"
            )

    # -- actions ------------------------------------------------------------------------------

    def action_lost_reason_apply(self):
        """Lose the leads and keep what the client said.

        :raise UserError: where the reason, the words or the real cause is missing
        """
        self.ensure_one()
        if self.needs_reason:
            self._check_story()
        if self.words:
            said = Markup("<p>“%s”</p>") % self.words
            self.lost_feedback = said + (self.lost_feedback or Markup())
        lost_now = self.lead_ids.filtered(lambda lead: lead.won_status != "lost")
        result = super().action_lost_reason_apply()
        lost_now.sudo()._latest_refusal().write(self._details())
        if self.env.context.get("opened_from_mail"):
            return {
                "type": "ir.actions.act_window",
                "res_model": "crm.lead",
                "res_id": self.lead_ids[:1].id,
                "views": [[False, "form"]],
                "target": "main",
            }
        return result

    def _check_story(self):
        if not self.lost_reason_id:
            raise UserError(self.env._("Choose why the client refused."))
        if self.is_spam_or_duplicate:
            return
        length = self.env.company.refusal_words_length
        if len((self.words or "").strip()) < length:
            raise UserError(
                self.env._(
                    "Write down what the client said, in the client's words: "
                    "%(length)s characters at least.",
                    length=length,
                )
            )
        if self.asks_real_cause and not self.real_cause:
            raise UserError(
                self.env._(
                    "“%(reason)s” is rarely the real cause. "
                    "Choose what would make the client switch.",
                    reason=self.lost_reason_id.name,
                )
            )
        if self.has_offer and not (self.offer and self.offer_on):
            raise UserError(
                self.env._("Say what you offered the client for later, and when it is due.")
            )

    def _details(self):
        """What the register keeps of the refusal."""
        return {
            "words": self.words,
            "real_cause": self.asks_real_cause and self.real_cause,
            "competitor_id": self.competitor_id.id,
            "offer": self.has_offer and self.offer,
            "offer_on": self.has_offer and self.offer_on,
            "return_on": self.return_on,
        }
