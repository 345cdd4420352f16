from odoo import api, models
from odoo.tools import SQL


class CrmLead(models.Model):
    """Whose lead it is, and whether that client has bought before."""

    _inherit = "crm.lead"

    def _clients(self):
        """The client of each lead: a commercial partner, known by the e-mail where none is set.

        By the e-mail only contacts of the lead's company count, and those shared by all.

        :return: commercial partner by lead, with all rights; empty where nobody is known
        """
        clients = {}
        keys = {}
        for lead in self.sudo():
            clients[lead] = lead.partner_id._origin.commercial_partner_id
            if not clients[lead]:
                keys[lead] = lead.email_normalized, lead._deal_company()._origin.id
        known = self._clients_by_email(set(keys.values()))
        clients.update({lead: known[key] for lead, key in keys.items() if key in known})
        return clients

    @api.model
    def _clients_by_email(self, keys):
        """Commercial partners by ``(normalized e-mail, company id)``; the oldest contact counts.

        Contacts of another company are not these clients, whoever asks.
        """
        emails = {email for email, _company_id in keys if email}
        if not emails:
            return {}
        partners = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=True)
            .search([("email_normalized", "in", list(emails))], order="id desc")
        )
        by_email = partners.grouped("email_normalized")
        known = {}
        for email, company_id in keys:
            for partner in by_email.get(email, ()):
                if partner.company_id.id in (False, company_id):
                    known[email, company_id] = partner.commercial_partner_id
        return known

    @api.model
    def _existing_in(self, client_ids, company_ids):
        """Of which companies these commercial partners are existing clients.

        :return: ids of companies by id of the client; nothing for new clients
        """
        if not client_ids or not company_ids:
            return {}
        self._flush_for_clients()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT client.id, ARRAY_AGG(company.id)
                  FROM res_partner client
                  JOIN res_company company ON company.id = ANY(%(companies)s)
                 WHERE client.id = ANY(%(clients)s)
                   AND %(is_existing)s
              GROUP BY client.id
                """,
                clients=list(client_ids),
                companies=list(company_ids),
                is_existing=self._is_existing_sql(),
            )
        )
        return {client_id: frozenset(companies) for client_id, companies in rows}

    def _is_existing_sql(self):
        """Whether the alias ``client`` (a commercial partner) is a client of the alias ``company``.

        That is, has bought, or is grown by a farmer who works there, or did until leaving.
        """
        return SQL(
            """
            (
                EXISTS (
                    SELECT FROM res_company_users_rel allowed
                     WHERE allowed.user_id = client.farmer_id AND allowed.cid = company.id
                )
                OR %s
            )
            """,
            self.env["res.partner"]._has_bought_sql(SQL("client.id"), SQL("company.id")),
        )

    def _flush_for_clients(self):
        self.env["res.partner"]._flush_for_sales()
        self.env["crm.lead"].flush_model(["email_normalized", "partner_id"])
        self.env["res.partner"].flush_model(
            ["active", "commercial_partner_id", "company_id", "email_normalized", "farmer_id"]
        )
        self.env["res.users"].flush_model(["company_ids"])
