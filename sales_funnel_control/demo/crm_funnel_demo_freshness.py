import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Share of the clients verified within a year, and of the rest that was verified before that.
_DILIGENT, _BUSY = (0.34, 0.6), (0.11, 0.35)
_OTHERS = (0.16, 0.3)
_YEAR = 365


class CrmFunnelDemo(models.AbstractModel):
    """One farmer keeps the contact data of her clients fresh, the other has no time for it."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _verify_clients(self, diligent, busy):
        """Let contact data have been checked, or not, over the last years.

        :param diligent: farmer over the norm
        :param busy: farmer under it
        """
        today = fields.Date.today()
        clients = self.env["crm.client"].search([("user_id", "!=", False)], order="id")
        # The contacts are as old as the client base, not as the demo data.
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET create_date = create_date"
                " - INTERVAL '1 day' * (%s + id %% %s) WHERE id = ANY(%s)",
                _YEAR // 2,
                2 * _YEAR,
                clients.partner_id.ids,
            )
        )
        self.env["res.partner"].invalidate_model(["create_date"])
        for user, theirs in clients.grouped("user_id").items():
            chance = random.Random(f"verified by {user.login}")
            fresh, ever = {diligent: _DILIGENT, busy: _BUSY}.get(user, _OTHERS)
            number = round(fresh * len(theirs))
            self._give_phones(chance, theirs.partner_id)
            for place, client in enumerate(
                theirs.sorted(lambda client: (client.revenue, client.id))
            ):
                if place % max(1, len(theirs) // max(1, number)) == 0 and number:
                    number -= 1
                    ago = chance.randint(3, _YEAR - 10)
                elif chance.random() < ever:
                    ago = chance.randint(_YEAR + 5, 3 * _YEAR)
                else:
                    continue
                client.partner_id.with_context(mail_notrack=True)._mark_verified(
                    today - timedelta(days=ago), user
                )
        for company in clients.company_id:
            self.env["crm.client"]._store_freshness(company, clients.partner_id.ids)

    def _give_phones(self, chance, partners):
        for partner in partners:
            if not partner.phone:
                digits = [chance.randint(10, 99) for _place in range(3)]
                partner.phone = "+7 495 5{:02}-{:02}-{:02}".format(*digits)
