from odoo import api, models
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
        return ["figures"]

    @api.model
    def _nightly_figures(self, company, after_id):
        """The purchases of the next commercial partners."""
        rows = self.env.execute_query(
            SQL(
                """
                  SELECT id
                    FROM res_partner
                   WHERE id > %s
                     AND id = commercial_partner_id
                     AND COALESCE(company_id, %s) = %s
                ORDER BY id
                   LIMIT %s
                """,
                after_id,
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
    def _refresh_noted(self):
        """Bring the clients up to date whose purchases changed in this transaction."""
        noted = self.env.cr.precommit.data.pop("crm.client.purchases", {})
        for company_id, partner_ids in noted.items():
            company = self.env["res.company"].sudo().browse(company_id)
            self._refresh(self.env["res.partner"].sudo().browse(sorted(partner_ids)), company)
