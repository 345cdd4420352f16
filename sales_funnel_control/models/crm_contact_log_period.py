from odoo import api, fields, models
from odoo.fields import Domain


class CrmContactLog(models.Model):
    """Contacts of today and of this week, by the company's days as the norms have them."""

    _inherit = "crm.contact.log"

    is_today = fields.Boolean(
        "Today",
        compute="_compute_is_of_period",
        search="_search_is_today",
        help="The contact was today, in the company's time zone.",
    )
    is_this_week = fields.Boolean(
        "This Week",
        compute="_compute_is_of_period",
        search="_search_is_this_week",
        help="The contact was in this week, in the company's time zone.",
    )

    @api.depends("day", "week_start")
    @api.depends_context("company")
    def _compute_is_of_period(self):
        today, monday = self._present_period()
        for log in self:
            log.is_today = log.day == today
            log.is_this_week = log.week_start == monday

    def _search_is_today(self, operator, value):
        return self._search_period(operator, value, "day", self._present_period()[0])

    def _search_is_this_week(self, operator, value):
        return self._search_period(operator, value, "week_start", self._present_period()[1])

    @api.model
    def _search_period(self, operator, value, name, start):
        if operator != "in":
            return NotImplemented
        return Domain.OR(Domain(name, "=" if is_within else "!=", start) for is_within in value)

    @api.model
    def _present_period(self):
        """Today and the Monday of this week, in the time zone of the company one works in."""
        today = self.env.company._funnel_today()
        return today, fields.Date.start_of(today, "week")
