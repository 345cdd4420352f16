from odoo import api, models
from odoo.tools import SQL


class CrmLead(models.Model):
    """Whose lead it is, and whether that client has bought before."""

    _inherit = "crm.lead"

    def _clients(self):
        """The client of each lead: a commercial partner, known by the e-mail where none is set.

        :return: commercial partner by lead, with all rights; empty where nobody is known
        """
        clients = {}
        for lead in self.sudo():
            partner = lead.partner_id or lead.commercial_partner_id
            clients[lead] = partner._origin.commercial_partner_id
        unknown = [lead for lead, client in clients.items() if not client]
        known = self._clients_by_email(
            {(lead.email_normalized, lead.company_id.id) for lead in unknown}
        )
        for lead in unknown:
            clients[lead] = known.get((lead.email_normalized, lead.company_id.id), clients[lead])
        return clients

    @api.model
    def _clients_by_email(self, keys):
        """Commercial partners by ``(normalized e-mail, company id)``; the oldest contact counts."""
        emails = {email for email, _company_id in keys if email}
        if not emails:
            return {}
        partners = (
            self.env["res.partner"]
            .sudo()
            .search([("email_normalized", "in", list(emails))], order="id desc")
        )
        by_email = partners.grouped("email_normalized")
        known = {}
        for email, company_id in keys:
            for partner in by_email.get(email, ()):
                if not company_id or partner.company_id.id in (False, company_id):
                    known[email, company_id] = partner.commercial_partner_id
        return known

    @api.model
    def _existing_client_ids(self, client_ids):
        """Which of these commercial partners have bought before, or have a farmer in charge."""
        if not client_ids:
            return frozenset()
        self._flush_for_clients()
        rows = self.env.execute_query(
            SQL(
                "SELECT client.id FROM res_partner client WHERE client.id = ANY(%s) AND %s",
                list(client_ids),
                self._is_existing_sql(),
            )
        )
        return frozenset(client_id for (client_id,) in rows)

    def _is_existing_sql(self):
        """Whether the client of the alias ``client`` (a commercial partner) is an existing one."""
        return SQL(
            """
            (
                client.farmer_id IS NOT NULL
                OR EXISTS (
                    SELECT FROM crm_lead deal
                      JOIN res_partner contact ON contact.id = deal.partner_id
                     WHERE contact.commercial_partner_id = client.id
                       AND deal.won_status = 'won'
                )
                OR EXISTS (
                    SELECT FROM sale_order purchase
                      JOIN res_partner contact ON contact.id = purchase.partner_id
                     WHERE contact.commercial_partner_id = client.id
                       AND purchase.state = 'sale'
                )
            )
            """
        )

    def _flush_for_clients(self):
        self.env["crm.lead"].flush_model(["partner_id", "won_status"])
        self.env["sale.order"].flush_model(["partner_id", "state"])
        self.env["res.partner"].flush_model(
            ["active", "commercial_partner_id", "company_id", "email_normalized", "farmer_id"]
        )
