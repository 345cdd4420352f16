import random

from odoo import api, models
from odoo.tools import SQL

# Requests of the last days: revenues in thousands, and how many of them.
_REQUESTS = (((32, 48, 75), 5), ((11, 16, 24), 9), ((1, 3, 6), 16), ((0,), 4))
_TOPICS = ("Price for %s", "Call back %s", "Tender of %s", "Samples for %s", "Delivery to %s")
_CLIENTS = (
    "Sever", "Yug", "Vostok", "Zapad", "Centr", "Taiga", "Step", "More", "Reka", "Ozero",
    "Gorod", "Selo", "Zavod", "Fabrika", "Magazin", "Sklad", "Rynok", "Salon", "Atelie",
    "Klinika", "Apteka", "Shkola", "Otel", "Kafe", "Pekarnya", "Ferma", "Sad", "Les",
    "Kamen", "Pesok", "Glina", "Beton", "Kirpich", "Dom",
)  # fmt: skip
_HANDED_OVER = 8


class CrmFunnelDemo(models.AbstractModel):
    """Requests that wait for an owner, and clients that hunters handed to farmers."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _wait_for_owner(self, team, junior):
        """Requests of the last days, on a team of their own: some are given, most wait.

        :param team: the team that receives what comes in
        :param junior: who got the largest of them by hand, though the rules say otherwise
        """
        leads = self._create_requests(team)
        for _team, lead_ids, takers in team._turns_of_team():
            for lead, member in zip(leads.browse(lead_ids), takers, strict=False):
                lead.convert_opportunity(lead.partner_id, user_ids=member.user_id.ids)
        waiting = leads.filtered(lambda lead: not lead.user_id)
        waiting.sorted("expected_revenue")[-1:].user_id = junior

    def _create_requests(self, team):
        chance = random.Random(len(_CLIENTS))
        names = iter(_CLIENTS)
        sources = self.env["utm.source"].search([], limit=5)
        stage = self.env["crm.stage"].search([("team_ids", "in", team.ids)], limit=1)
        values = [
            {
                "name": chance.choice(_TOPICS) % client,
                "partner_name": client,
                "email_from": f"office@{client.lower()}.example.com",
                "type": "opportunity",
                "team_id": team.id,
                "user_id": False,
                "stage_id": stage.id,
                "expected_revenue": chance.choice(revenues) * 1000,
                "source_id": chance.choice(sources).id,
            }
            for revenues, count in _REQUESTS
            for client, _number in zip(names, range(count), strict=False)
        ]
        chance.shuffle(values)
        leads = self.env["crm.lead"].with_context(tracking_disable=True).create(values)
        # They came in one after the other.
        leads.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE crm_lead SET create_date = create_date - (%s - id) * interval '2 hours'"
                " WHERE id = ANY(%s)",
                max(leads.ids),
                leads.ids,
            )
        )
        leads.invalidate_recordset(["create_date"])
        return leads

    @api.model
    def _put_in_charge(self, team):
        """The clients in a farmers' pipeline are in the charge of their farmers.

        :param team: the farmers' team
        """
        leads = self.env["crm.lead"].with_context(active_test=False)
        clients = leads.search([("team_id", "=", team.id)]).grouped("user_id")
        for farmer, leads_of in clients.items():
            partners = leads_of.partner_id.with_context(tracking_disable=True)
            partners.farmer_id = farmer

    @api.model
    def _hand_over_clients(self, team):
        """The clients a team won last have just been handed to farmers.

        :param team: the hunters' team, its successor set
        """
        won = self.env["crm.lead"].search(
            [("team_id", "=", team.id), ("won_status", "=", "won")],
            order="date_closed DESC, id",
            limit=_HANDED_OVER,
        )
        won.with_context(tracking_disable=True)._hand_clients_to_farmers()
