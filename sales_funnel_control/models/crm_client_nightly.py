from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

_BATCH = 5000


class CrmClient(models.Model):
    """The steps of the nightly run, see ``crm.client.run``."""

    _inherit = "crm.client"

    @api.model
    def _nightly_steps(self):
        """Names of the steps, in order; step ``x`` is the method ``_nightly_x``.

        Each takes the company and the id after which to go on, and returns the id it came to,
        None at the end, and how many clients it changed. A step that finds nothing to change
        writes nothing.
        """
        return ["strays", "figures"]

    @api.model
    def _nightly_strays(self, company, after_id):
        """Take out the clients that belong to another organisation by now."""
        persons = Domain("partner_id.parent_id", "!=", False)
        persons &= Domain("partner_id.is_company", "=", False)
        strays, last_id = self._next_clients(company, after_id, persons)
        written = len(strays)
        strays.unlink()
        return last_id, written

    @api.model
    def _nightly_figures(self, company, after_id):
        """The purchases of the next commercial partners."""
        self.env["res.partner"].flush_model(["commercial_partner_id", "company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                  SELECT id
                    FROM res_partner
                   WHERE id > %s
                     AND id = commercial_partner_id
                     AND (
                         COALESCE(company_id, %s) = %s
                         -- Who came to another company bought from this one all the same.
                         OR EXISTS (
                             SELECT FROM crm_client
                              WHERE crm_client.partner_id = res_partner.id
                                AND crm_client.company_id = %s
                         )
                     )
                ORDER BY id
                   LIMIT %s
                """,
                after_id,
                company.id,
                company.id,
                company.id,
                _BATCH,
            )
        )
        partner_ids = [partner_id for (partner_id,) in rows]
        written = self._store_figures(company, partner_ids) if partner_ids else []
        return (partner_ids[-1] if len(partner_ids) == _BATCH else None), len(written)

    @api.model
    def _refresh(self, partners, company):
        """Bring single clients up to date at once, for instance after an order.

        :param partners: contacts; their commercial partners are meant
        """
        partner_ids = partners.commercial_partner_id.ids
        if partner_ids:
            self.sudo()._store_figures(company, partner_ids)

    @api.model
    def _next_clients(self, company, after_id, domain=Domain.TRUE):
        """The next clients of a company, and the id to go on after; None at the end.

        :param domain: which clients a step is for
        """
        domain &= Domain("company_id", "=", company.id) & Domain("id", ">", after_id)
        clients = self.sudo().search(domain, order="id", limit=_BATCH)
        return clients, (clients[-1].id if len(clients) == _BATCH else None)

    @api.model
    def _note_for_refresh(self, partner_ids, company=None):
        """Bring clients up to date once, at the end of the transaction.

        :param partner_ids: ids of organisations
        :param company: the one they are clients of; each they are known to without it
        """
        noted = self.env.cr.precommit.data.setdefault("crm.client.purchases", {})
        if not noted:
            self.env.cr.precommit.add(self._refresh_noted)
        noted.setdefault(company and company.id, set()).update(filter(None, partner_ids))

    @api.model
    def _refresh_noted(self):
        """Bring the clients up to date that were noted in this transaction."""
        noted = self.env.cr.precommit.data.pop("crm.client.purchases", {})
        everywhere = self.env["res.partner"].sudo().browse(noted.pop(None, ())).exists()
        for company, partners in self._companies_of(everywhere).items():
            noted.setdefault(company.id, set()).update(partners.ids)
        for company_id, partner_ids in noted.items():
            company = self.env["res.company"].sudo().browse(company_id)
            partners = self.env["res.partner"].sudo().browse(sorted(partner_ids)).exists()
            self._refresh(partners, company)

    def _companies_of(self, partners):
        """To which companies contacts matter: those that know them, and those of the farmer.

        Clients that belong to another organisation by now are taken out.
        """
        clients = self.sudo().search([("partner_id", "in", partners.ids)])
        found = clients.grouped("company_id")
        found = {company: known.partner_id for company, known in found.items()}
        for farmer, theirs in partners.grouped("farmer_id").items():
            for company in farmer.company_ids:
                found[company] = found.get(company, partners.browse()) | theirs
        clients.filtered(
            lambda client: client.partner_id != client.partner_id.commercial_partner_id
        ).unlink()
        return found
