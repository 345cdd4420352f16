from odoo import fields, models

from odoo.addons.base.models.res_partner import _tz_get


class ResCompany(models.Model):
    _inherit = "res.company"

    funnel_tz = fields.Selection(
        _tz_get,
        "Sales Time Zone",
        compute="_compute_funnel_tz",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="Weeks of the sales reports begin on Monday at midnight in this time zone, "
        "whatever the reader's own.",
    )

    refusal_reason_required = fields.Boolean(
        "Refusals Need a Reason",
        default=True,
        help="No opportunity is lost without a reason, whichever way it is lost.",
        prefetch="funnel",
    )
    refusal_reason_for_leads = fields.Boolean(
        "Leads Too",
        help="Leads that are no opportunities yet need a reason as well.",
        prefetch="funnel",
    )
    refusal_words_length = fields.Integer(
        "Length of the Client's Words",
        default=10,
        help="So many characters at least, so that the words are of use afterwards.",
        prefetch="funnel",
    )

    _refusal_words_length_not_negative = models.Constraint(
        "CHECK (refusal_words_length >= 0)",
        "The length of the client's words cannot be negative.",
    )

    def _compute_funnel_tz(self):
        """What a company begins with. Weeks gone by do not move because a calendar is changed."""
        for company in self:
            company.funnel_tz = company.partner_id.tz or company.resource_calendar_id.tz or "UTC"

    def write(self, vals):
        result = super().write(vals)
        if "currency_id" in vals:
            self.env["crm.lead.stage.history"]._forget_circumstances()
        if "funnel_tz" in vals:
            self._weeks_moved()
        return result

    def _weeks_moved(self):
        """Let what happened before fall into the days and weeks of the sales time zone."""
        self.flush_recordset(["funnel_tz"])
        self.env["crm.lead.stage.history"].sudo()._refresh_weeks(self)
        self.env["crm.lead.refusal"].sudo()._refresh_weeks(self)
        self.env["crm.contact.log"].sudo()._refresh_days(self)

    def _funnel_today(self):
        """Today's date in the company's sales time zone."""
        return self._funnel_date(fields.Datetime.now())

    def _funnel_date(self, moment):
        """The date of a moment (naive UTC) in the company's sales time zone."""
        self.ensure_one()
        return fields.Date.context_today(self.with_context(tz=self.funnel_tz), moment)
