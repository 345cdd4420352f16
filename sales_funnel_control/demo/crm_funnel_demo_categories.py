from odoo import api, fields, models
from odoo.tools import date_utils

_MONTHS = 8


class CrmFunnelDemo(models.AbstractModel):
    """What clients were at past ends of months, a client nobody works with, and a key client."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _categorise_for_months(self, team):
        """Go over the base as of past days, so that the transitions of these months are there.

        :param team: the farmers' team
        """
        company = self.env.company
        Client = self.env["crm.client"].sudo()
        clients = Client.search([("company_id", "=", company.id)])
        # They begin with what they were then; the base is kept since, not from this minute.
        self.env["crm.client.category.history"].sudo().search(
            [("client_id", "in", clients.ids)]
        ).unlink()
        clients.write({"category": "potential", "category_since": False})
        today = company._funnel_today()
        days = [
            date_utils.end_of(date_utils.subtract(today, months=months), "month")
            for months in range(_MONTHS, 0, -1)
        ]
        company.client_base_since = days[0]
        for day in [*days, today]:
            Client._store_figures(company, clients.partner_id.ids, day)
            Client._store_ratings(company, clients.ids, Client._marks(company))
            Client._store_categories(company, clients.ids, day)
        self.env["crm.client.run"]._go_over(company)
        self._except_some(team, clients)

    def _except_some(self, team, clients):
        """One client that does not pay, and one that matters more than its purchases say."""
        theirs = clients.filtered(lambda client: client.team_id == team)
        lost = theirs.filtered(lambda client: client.category == "lost")[:1]
        lost.partner_id.write(
            {
                "is_sales_blacklisted": True,
                "sales_blacklist_reason": self.env._("Three invoices unpaid, the court decided"),
            }
        )
        coming = theirs.filtered(lambda client: client.category == "regular")[:1]
        coming.action_set_category(
            "key",
            self.env._("A contract for three years is signed, deliveries begin in spring"),
            fields.Date.add(self.env.company._funnel_today(), months=6),
        )
        mills = self.env["res.partner.industry"].search([], limit=2)
        mills.is_target_segment = True
