from collections import defaultdict

from odoo import models


class CrmStage(models.Model):
    _inherit = "crm.stage"

    def _on_entered(self, leads):
        """Clients won by hunters are handed to farmers."""
        result = super()._on_entered(leads)
        if self.id in self._won_stage_ids() and self.env["res.company"]._switched_on(
            "handover_to_farmer"
        ):
            leads._hand_clients_to_farmers()
        return result


class CrmLead(models.Model):
    """From hunter to farmer, with the first deal won."""

    _inherit = "crm.lead"

    def _hand_clients_to_farmers(self):
        """Put farmers in charge of the clients that hunters won, once for each client."""
        won = self.filtered(
            lambda lead: (
                lead.won_status == "won" and lead.user_id and lead.team_id.successor_team_id
            )
        )
        deals = {}
        clients = won._clients()
        members = won._members()
        for lead in won.sorted("id"):
            client = clients[lead]
            hunter = members.get(lead)
            if (
                client
                and hunter
                and hunter.sales_role == "hunter"
                and not client.farmer_id
                and not client.handed_over_on
                and lead._deal_company().id
                in self.env["res.company"]._switched_on("handover_to_farmer")
            ):
                deals.setdefault(client, lead)
        by_team = defaultdict(dict)
        for client, lead in deals.items():
            by_team[lead.team_id.successor_team_id, lead._deal_company()][client] = lead.lead_class
        for (team, company), classes in by_team.items():
            for client, farmer in team._choose_farmers(company, classes).items():
                client._take_charge(farmer, deals[client])

    def _deal_company(self):
        return self.company_id or self.team_id.company_id or self.user_id.company_id
