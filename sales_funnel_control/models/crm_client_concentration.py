from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Date, Domain
from odoo.tools import SQL, date_utils
from odoo.tools.misc import format_date, formatLang

from ..tools import concentration

_MONTHS = 12
_QUARTER = 3
_DRAWN = 10
_WHOLE = 100


class CrmClientConcentration(models.AbstractModel):
    """How much of a company's revenue hangs on its few largest clients."""

    _name = "crm.client.concentration"
    _description = "Concentration of Revenue"

    @api.model
    @api.readonly
    def get_concentration(
        self, date_from=None, date_to=None, team_id=None, company_id=None, domain=()
    ):
        """How revenue spreads over the clients the reader may see.

        Clients whose purchases and returns come to nothing are left out.

        :param str date_from: first day, without it 12 months up to ``date_to``
        :param str date_to: last day, without it today
        :param int team_id: clients of this team only
        :param int company_id: whose clients; without it the reader's present company
        :param list domain: which clients (``crm.client``)
        :return: the figures; shares are per cent (0-100), the index ``hhi`` 0-10,000

            * ``date_from``, ``date_to``; ``periods``: ready choices of them with ``name``
            * ``company``, ``currency_id``; ``sees_all``: whether the reader sees all clients
            * ``now``: ``clients``, ``revenue``, ``revenue_text``, ``hhi``, ``hhi_text``,
              ``effective``, ``effective_text``, ``level`` (``spread``, ``moderate``,
              ``concentrated``), ``level_text``, ``top1``, ``top5``, ``top10``; False
              without revenue
            * ``words``: what it means, sentence by sentence
            * ``trend``: the same window, and as it was one to twelve months before, the oldest
              first: ``date_to``, ``name``, ``hhi``, ``top1``, ``top5``, ``top10``; False without
              revenue
            * ``largest``: ten clients: ``id``, ``name``, ``manager``, ``revenue``,
              ``revenue_text``, ``share``, ``share_text``, ``running``, ``running_text``,
              ``before_text`` (share in the same window a year before)
        :rtype: dict
        :raise UserError: where dates or domain are none, or the last day is before the first
        :raise AccessError: for a company that is not one of the reader's
        """
        Client = self.env["crm.client"]
        Client.check_access("read")
        company = self._company(company_id)
        first, last = self._window(company, date_from, date_to)
        chosen = self._chosen(company, team_id, domain)
        windows = [
            (date_utils.subtract(first, months=ago), date_utils.subtract(last, months=ago))
            for ago in range(_MONTHS + 1)
        ]
        found = self._measures(company, Client._search(chosen), windows)
        now, _shares = found.get(0, (None, {}))
        return {
            "date_from": Date.to_string(date_utils.add(first, days=1)),
            "date_to": Date.to_string(last),
            "periods": self._periods(company),
            "company": company.name,
            "currency_id": company.currency_id.id,
            "sees_all": self._sees_all(),
            "now": self._figures(now, company) if now else False,
            "words": self._words(found) if now else [],
            "trend": [
                {
                    "date_to": Date.to_string(windows[ago][1]),
                    "name": format_date(self.env, windows[ago][1], date_format="MMM yyyy"),
                    **self._trend_figures(found.get(ago, (None, {}))[0]),
                }
                for ago in range(_MONTHS, -1, -1)
            ],
            "largest": self._largest(found, company) if now else [],
        }

    # -- what is asked ------------------------------------------------------------------------

    def _company(self, company_id):
        if not company_id:
            return self.env.company
        company = self.env.companies.filtered(lambda each: each.id == company_id)
        if not company:
            raise AccessError(self.env._("This company is not among those you work in."))
        return company

    def _window(self, company, date_from, date_to):
        """The day before the first, and the last day."""
        try:
            last = Date.to_date(date_to) if date_to else company._funnel_today()
            if date_from:
                first = date_utils.subtract(Date.to_date(date_from), days=1)
            else:
                first = date_utils.subtract(last, months=_MONTHS)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UserError(
                self.env._("Write dates like 2026-03-31: %(problem)s", problem=error)
            ) from error
        if first >= last:
            raise UserError(self.env._("The last day lies before the first one."))
        return first, last

    def _chosen(self, company, team_id, domain):
        try:
            chosen = Domain(domain or Domain.TRUE)
            chosen.validate(self.env["crm.client"])
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("This is no domain on clients: %(problem)s", problem=error)
            ) from error
        chosen &= Domain("company_id", "=", company.id)
        return chosen & Domain("team_id", "=", team_id) if team_id else chosen

    def _sees_all(self):
        return self.env.su or self.env.user.has_group("sales_team.group_sale_salesman_all_leads")

    def _periods(self, company):
        today = company._funnel_today()
        return [
            {
                "name": name,
                "date_from": Date.to_string(
                    date_utils.add(date_utils.subtract(today, months=months), days=1)
                ),
                "date_to": Date.to_string(today),
            }
            for months, name in (
                (_MONTHS, self.env._("12 months")),
                (_MONTHS // 2, self.env._("6 months")),
                (_QUARTER, self.env._("3 months")),
            )
        ]

    # -- figures ------------------------------------------------------------------------------

    def _measures(self, company, clients, windows):
        """Measures and ``{client id: revenue}`` by the number of the window.

        The clients are the ten largest of the window, the largest first, and with them those of
        the present one.

        :param clients: query of the clients that count
        """
        Client = self.env["crm.client"]
        Client._flush_for_purchases()
        rows = self.env.execute_query(
            SQL(
                """
                WITH bounds (number, first, last) AS (VALUES %(windows)s),
                     chosen AS MATERIALIZED (SELECT id FROM crm_client WHERE id IN %(clients)s),
                     part AS (
                         SELECT bounds.number, sold.client_id, SUM(sold.amount) AS amount
                           FROM (%(purchases)s) sold
                           JOIN chosen ON chosen.id = sold.client_id
                           JOIN bounds ON sold.day > bounds.first AND sold.day <= bounds.last
                          WHERE sold.day > %(since)s
                       GROUP BY bounds.number, sold.client_id
                         HAVING SUM(sold.amount) > 0
                     ), placed AS (
                         SELECT part.*,
                                ROW_NUMBER() OVER (
                                    PARTITION BY number ORDER BY amount DESC, client_id
                                ) AS place
                           FROM part
                     )
                  SELECT number, COUNT(*), SUM(amount)::float, SUM(amount * amount)::float,
                         ARRAY_AGG(client_id ORDER BY place) FILTER (WHERE is_shown),
                         ARRAY_AGG(amount::float ORDER BY place) FILTER (WHERE is_shown)
                    FROM placed
              CROSS JOIN LATERAL (
                         SELECT place <= %(drawn)s
                                OR client_id IN (
                                    SELECT client_id FROM placed
                                     WHERE number = 0 AND place <= %(drawn)s
                                ) AS is_shown
                         ) shown
                GROUP BY number
                """,
                windows=SQL(", ").join(
                    SQL("(%s, %s::date, %s::date)", number, *bounds)
                    for number, bounds in enumerate(windows)
                ),
                clients=clients.subselect(),
                purchases=Client._purchase_days_sql(company),
                since=windows[-1][0],
                drawn=_DRAWN,
            )
        )
        return {
            number: (
                concentration.measure(parts, total, squares, amounts),
                dict(zip(client_ids, amounts, strict=True)),
            )
            for number, parts, total, squares, client_ids, amounts in rows
        }

    def _trend_figures(self, measure):
        if not measure:
            return {"hhi": False, **{f"top{top}": False for top in concentration.TOPS}}
        return {
            "hhi": measure.hhi,
            **{f"top{top}": measure.shares[top] for top in concentration.TOPS},
        }

    def _figures(self, measure, company):
        return {
            "clients": measure.parts,
            "revenue": measure.total,
            "revenue_text": self._money(measure.total, company),
            "hhi_text": formatLang(self.env, measure.hhi, digits=0),
            "effective": measure.effective,
            "effective_text": formatLang(self.env, measure.effective, digits=1),
            "level": measure.level,
            "level_text": self._level_text(measure.level),
            **self._trend_figures(measure),
            **{f"top{top}_text": self._percent(measure.shares[top]) for top in concentration.TOPS},
        }

    def _largest(self, found, company):
        measure, amounts = found[0]
        before, former_amounts = found.get(_MONTHS, (None, {}))
        clients = self.env["crm.client"].browse(amounts)
        running, lines = 0, []
        for client in clients:
            amount = amounts[client.id]
            running += amount
            former = former_amounts.get(client.id, 0)
            lines.append(
                {
                    "id": client.id,
                    "name": client.partner_id.sudo().display_name,
                    "manager": client.user_id.sudo().name or "",
                    "revenue": amount,
                    "revenue_text": self._money(amount, company),
                    "share": _WHOLE * amount / measure.total,
                    "share_text": self._percent(_WHOLE * amount / measure.total),
                    "running": _WHOLE * running / measure.total,
                    "running_text": self._percent(_WHOLE * running / measure.total),
                    "before_text": self._percent(_WHOLE * former / before.total) if before else "",
                }
            )
        return lines
