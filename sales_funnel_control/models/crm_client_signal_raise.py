from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Whom it is too late to call overdue is lost. At least so many days are given.
_FRESH_DAYS = 30
# What the client bought is counted so long after the signal.
_AFTER_DAYS = 90
_AFTER_INTERVALS = 2
# A product group is new to a client that has bought so often.
_PURCHASES = 3
_NEW_DAYS = 30


class CrmClient(models.Model):
    _inherit = "crm.client"

    @api.model
    def _nightly_steps(self):
        return [*super()._nightly_steps(), "signals", "signals_after"]

    @api.model
    def _nightly_signals(self, company, after_id):
        """Raise the signals of the next clients.

        When a base is gone over for the first time there are none: an installation opens no deals.
        """
        if not company.client_base_since:
            return None, 0
        clients, next_id = self._next_watched(company, after_id)
        Signal = self.env["crm.client.signal"].sudo()
        signals = Signal._raise(Signal._found(company, clients))
        signals._open_work()
        return next_id, len(signals)

    @api.model
    def _nightly_signals_after(self, company, after_id):
        """What came of the next signals; the id is that of a signal here."""
        return self.env["crm.client.signal"].sudo()._follow_next(company, after_id)


class CrmClientSignal(models.Model):
    """Raising signals: once for each last purchase, each turn of a trend, each product group."""

    _inherit = "crm.client.signal"

    @api.model
    def _found(self, company, clients):
        """What there is to tell of clients today and was not told yet.

        :return: values of signals
        """
        clients = clients._allowed()
        if not clients:
            return []
        self.flush_model()
        clients.flush_model()
        today = company._funnel_today()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT found.client_id, found.kind, found.episode, found.product_category_id
                  FROM (
                        SELECT id AS client_id, 'overdue' AS kind, last_on::varchar AS episode,
                               NULL::int AS product_category_id
                          FROM crm_client
                         WHERE overdue_on <= %(today)s
                     UNION ALL
                        SELECT id, trend, trend_since::varchar, NULL
                          FROM crm_client
                         WHERE trend IN ('falling', 'growing')
                     UNION ALL
                        %(new_needs)s
                       ) found
                  JOIN crm_client client ON client.id = found.client_id
                 WHERE client.id = ANY(%(clients)s)
                   -- Who has stayed away for longer is lost.
                   AND client.overdue_on
                       + GREATEST(CEIL(client.interval_days)::int, %(fresh)s) > %(today)s
                   AND NOT EXISTS (
                       SELECT FROM crm_client_signal known
                        WHERE known.client_id = found.client_id
                          AND known.kind = found.kind
                          AND known.episode = found.episode
                   )
              ORDER BY found.client_id, found.kind, found.episode
                """,
                today=today,
                fresh=_FRESH_DAYS,
                clients=clients.ids,
                new_needs=self._new_needs_sql(company, clients, today),
            )
        )
        return [
            self._signal_values(self.env["crm.client"].sudo().browse(client_id), kind, today)
            | {"episode": episode, "product_category_id": group_id}
            for client_id, kind, episode, group_id in rows
        ]

    @api.model
    def _new_needs_sql(self, company, clients, today):
        """Product groups that clients buy, or ask a quotation for, the first time these days."""
        self.env["sale.order"].flush_model(["state", "partner_id", "date_order", "company_id"])
        self.env["sale.order.line"].flush_model(["order_id", "product_id", "price_subtotal"])
        self.env["product.template"].flush_model(["categ_id"])
        return SQL(
            """
            SELECT DISTINCT ON (client.id, template.categ_id)
                   client.id, 'new_need', template.categ_id::varchar, template.categ_id
              FROM crm_client client
              JOIN res_partner person ON person.commercial_partner_id = client.partner_id
              JOIN sale_order wanted
                ON wanted.partner_id = person.id
               AND wanted.company_id = client.company_id
               AND wanted.state <> 'cancel'
               AND wanted.date_order >= %(since)s
              JOIN sale_order_line line ON line.order_id = wanted.id AND line.price_subtotal > 0
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE client.id = ANY(%(clients)s)
               AND template.categ_id IS NOT NULL
               AND line.is_downpayment IS NOT TRUE
               AND client.purchases >= %(purchases)s
               AND (
                   SELECT COUNT(DISTINCT sold.day)
                     FROM (%(sold)s) sold
                    WHERE sold.partner_id = client.partner_id
                      AND sold.day < (wanted.date_order AT TIME ZONE 'UTC'
                                      AT TIME ZONE %(zone)s)::date
                   ) >= %(purchases)s
               AND NOT EXISTS (
                   SELECT FROM res_partner colleague
                     JOIN sale_order former
                       ON former.partner_id = colleague.id
                      AND former.company_id = client.company_id
                      AND former.state = 'sale'
                      AND former.date_order < wanted.date_order
                      AND former.id <> wanted.id
                     JOIN sale_order_line bought ON bought.order_id = former.id
                     JOIN product_product other ON other.id = bought.product_id
                     JOIN product_template same ON same.id = other.product_tmpl_id
                    WHERE colleague.commercial_partner_id = client.partner_id
                      AND same.categ_id = template.categ_id
               )
            """,
            since=today - timedelta(days=_NEW_DAYS),
            zone=company.funnel_tz,
            clients=clients.ids,
            purchases=_PURCHASES,
            sold=self.env["crm.client"]._purchases_sql(
                company, SQL("buyer.commercial_partner_id = client.partner_id")
            ),
        )

    @api.model
    def _signal_values(self, client, kind, day, **figures):
        """Values of a signal raised on a day; the figures are the client's unless given."""
        team = client.team_id or client._proactive_team(client.company_id)
        manager = client._manager(team)
        values = {
            "client_id": client.id,
            "partner_id": client.partner_id.id,
            "company_id": client.company_id.id,
            "user_id": manager.id,
            "team_id": team.id,
            "sales_role": client.sales_role,
            "category": client.category,
            "kind": kind,
            "raised_on": day,
            "term_on": day + timedelta(days=client.company_id.signal_term_days),
            "last_on": client.last_on,
            "interval_days": client.interval_days,
            "percent": client.trend_percent if kind in ("falling", "growing") else 0,
            "revenue": client.revenue,
            **figures,
        }
        after = max(_AFTER_DAYS, round(_AFTER_INTERVALS * values["interval_days"]))
        values["until_on"] = day + timedelta(days=after)
        values["days_since"] = (day - values["last_on"]).days
        return values

    @api.model
    def _raise(self, vals_list):
        """Raise signals, each once: who comes second, in another process as well, raises none.

        :param vals_list: values of signals, all of the same fields
        :return: the signals that are new
        """
        if not vals_list:
            return self.browse()
        self.flush_model()
        names = list(vals_list[0])
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_client_signal (
                            %(names)s, state, result, revenue_after,
                            create_uid, create_date, write_uid, write_date
                            )
                     VALUES %(rows)s
                ON CONFLICT (client_id, kind, episode) DO NOTHING
                  RETURNING id
                """,
                names=SQL(", ").join(SQL.identifier(name) for name in names),
                rows=SQL(", ").join(
                    SQL(
                        "(%s, 'new', 'waiting', 0, %s, %s, %s, %s)",
                        SQL(", ").join(SQL("%s", vals[name] or None) for name in names),
                        self.env.uid,
                        now,
                        self.env.uid,
                        now,
                    )
                    for vals in vals_list
                ),
            )
        )
        self.invalidate_model(flush=False)
        return self.browse(signal_id for (signal_id,) in rows)
