from odoo import api, models


class CrmClient(models.Model):
    """Opportunities with existing clients, in the proactive funnel."""

    _inherit = "crm.client"

    def _open_opportunity(self, name, **values):
        """Open an opportunity with each client, in the funnel of the manager in charge.

        That is the manager's own team where it works proactively, else the company's proactive
        team. Nobody works with blacklisted clients: they are left out.

        :param name: of every opportunity
        :param values: other fields of ``crm.lead``; the expected revenue is the client's average
            purchase unless it is given
        :return: the opportunities, with all rights, on their first stage
        """
        # Activities tell the managers, not an e-mail for each opportunity.
        leads = self.env["crm.lead"].sudo().with_context(mail_auto_subscribe_no_notify=True)
        for company, clients in self.sudo()._allowed().grouped("company_id").items():
            fallback = self._proactive_team(company)
            leads |= leads.with_company(company).create(
                [client._opportunity_values(fallback, name, values) for client in clients]
            )
        return leads

    def _allowed(self):
        """Clients whom the company works with: those of another one by now are that one's."""
        blacklisted = self.partner_id._sales_blacklisted()
        return self.filtered(
            lambda client: (
                client.partner_id.active
                and client.partner_id not in blacklisted
                and client.partner_id.company_id in (client.company_id, self.env["res.company"])
            )
        )

    @api.model
    def _proactive_team(self, company):
        """The team that works with the company's existing clients; empty where there is none."""
        return (
            self.env["crm.team"]
            .sudo()
            .search(
                [
                    ("funnel_kind", "=", "proactive"),
                    ("use_opportunities", "=", True),
                    ("company_id", "in", (company.id, False)),
                ],
                order="company_id, sequence, id",
                limit=1,
            )
        )

    def _opportunity_values(self, fallback, name, values):
        """Values of the opportunity with a client.

        :param fallback: team where the manager's own does not work proactively
        """
        self.ensure_one()
        is_proactive = self.team_id.funnel_kind == "proactive"
        team = self.team_id if is_proactive or not fallback else fallback
        return {
            "name": name,
            "type": "opportunity",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "team_id": team.id,
            "user_id": self._manager(team).id,
            "expected_revenue": self.average_purchase,
            **values,
        }

    def _manager(self, team=None):
        """Who works with the client: the manager in charge, else the head of the team.

        :param team: where the client is worked; None for the client's own, or the proactive one
        """
        self.ensure_one()
        team = team or self.team_id or self._proactive_team(self.company_id)
        people = (self.user_id, team.user_id)
        company = self.company_id
        # A contact that companies share may be in charge of somebody of another one.
        return next(
            (user for user in people if user.active and company in user.company_ids),
            self.env["res.users"],
        )
