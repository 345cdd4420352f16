from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

_BATCH = 100
# Somebody who was to be asked is asked late rather than never, but not after so many days more.
_LATE_DAYS = 7
_DAY = timedelta(days=1)


class CrmOpinion(models.Model):
    """Asking clients for their opinion, by mail."""

    _inherit = "crm.opinion"

    @api.model
    def _cron_ask(self):
        """Ask whose day has come, committing after every batch."""
        cron = self.env["ir.cron"]
        opinions = self.sudo()
        for company in self.env["res.company"].sudo().search([("id", "!=", False)]):
            for occasion in opinions._occasions(company):
                while events := opinions._events(company, occasion):
                    opinions._ask(company, events)
                    if not cron._commit_progress(len(events), remaining=1):
                        return

    @api.model
    def _occasions(self, company):
        """After what a company asks: SQL of the events, each with its day and person."""
        occasions = []
        if company.opinion_after_case:
            occasions.append(self._cases_sql(company))
        if company.opinion_after_order:
            occasions.append(self._orders_sql(company))
        if company.opinion_after_deal:
            occasions.append(self._deals_sql(company))
        return occasions

    def _window(self, company, days):
        last = company._funnel_today() - days * _DAY
        return last - _LATE_DAYS * _DAY, last

    def _orders_sql(self, company):
        """Confirmed orders: asked for after their delivery, where one is known or promised."""
        orders = self.env["sale.order"]
        moments = [
            SQL.identifier("sold", name)
            for name in ("effective_date", "commitment_date", "date_order")
            if name in orders._fields and orders._fields[name].store
        ]
        first, last = self._window(company, company.opinion_days)
        return SQL(
            """
            SELECT 'order_id' AS origin, sold.id AS event_id, sold.partner_id AS person_id,
                   event.day, sold.user_id, %(pause)s AS pause
              FROM sale_order sold
CROSS JOIN LATERAL (SELECT %(day)s AS day) event
             WHERE sold.state = 'sale'
               AND sold.company_id = %(company)s
               AND event.day BETWEEN %(first)s AND %(last)s
               AND NOT EXISTS (SELECT FROM crm_opinion WHERE order_id = sold.id)
            """,
            day=self.env["crm.lead.stage.history"]._local_date_sql(
                SQL("COALESCE(%s)", SQL(", ").join(moments)), company.funnel_tz
            ),
            company=company.id,
            first=first,
            last=last,
            pause=company.opinion_pause_days,
        )

    def _deals_sql(self, company):
        """Opportunities won, by the ledger."""
        first, last = self._window(company, company.opinion_days)
        return SQL(
            """
            SELECT 'lead_id' AS origin, deal.id AS event_id, deal.partner_id AS person_id,
                   event.day, stay.user_id, %(pause)s AS pause
              FROM crm_lead_stage_history stay
              JOIN crm_lead deal ON deal.id = stay.lead_id
CROSS JOIN LATERAL (SELECT %(day)s AS day) event
             WHERE %(is_win)s
               AND stay.company_id = %(company)s
               AND event.day BETWEEN %(first)s AND %(last)s
               AND NOT EXISTS (SELECT FROM crm_opinion WHERE lead_id = deal.id)
            """,
            day=self.env["crm.lead.stage.history"]._local_date_sql(
                SQL("stay.entered_at"), company.funnel_tz
            ),
            is_win=self.env["crm.lead.stage.history"]._is_win_sql(SQL("stay")),
            company=company.id,
            first=first,
            last=last,
            pause=company.opinion_pause_days,
        )

    def _cases_sql(self, company):
        """Complaints that were worked off; the pause is that of asking again."""
        first, last = self._window(company, company.case_ask_again_days)
        return SQL(
            """
            SELECT 'after_case_id' AS origin, complaint.id AS event_id,
                   COALESCE(complaint.contact_id, complaint.partner_id) AS person_id,
                   complaint.closed_on AS day, complaint.manager_id AS user_id, %(pause)s AS pause
              FROM crm_client_case complaint
             WHERE complaint.company_id = %(company)s
               AND complaint.closed_on BETWEEN %(first)s AND %(last)s
               AND NOT EXISTS (SELECT FROM crm_opinion WHERE after_case_id = complaint.id)
            """,
            company=company.id,
            first=first,
            last=last,
            pause=company.case_ask_again_days,
        )

    @api.model
    def _events(self, company, occasion):
        """The next events to ask for, one for each client that may be asked.

        :return: list of ``(origin, event id, person id, client id, user id)``
        """
        self.env["res.partner"].flush_model()
        self.env["sale.order"].flush_model()
        self.env["crm.client.case"].flush_model()
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        self.flush_model()
        return self.env.execute_query(
            SQL(
                """
                  SELECT DISTINCT ON (client.id) event.origin, event.event_id, person.id,
                         client.id, event.user_id
                    FROM (%(occasion)s) event
                    JOIN res_partner person ON person.id = event.person_id
                    JOIN res_partner client ON client.id = person.commercial_partner_id
                   WHERE person.active AND client.active
                     AND person.email_normalized <> ''
                     AND person.is_sales_blacklisted IS NOT TRUE
                     AND client.is_sales_blacklisted IS NOT TRUE
                     AND person.no_opinion_requests IS NOT TRUE
                     AND client.no_opinion_requests IS NOT TRUE
                     AND NOT EXISTS (
                        SELECT FROM mail_blacklist
                         WHERE active AND email = person.email_normalized
                     )
                     AND NOT EXISTS (
                        SELECT FROM crm_opinion asked
                         WHERE asked.partner_id = client.id
                           AND asked.company_id = %(company)s
                           AND asked.asked_on > %(today)s::date - event.pause
                     )
                ORDER BY client.id, event.day DESC, event.event_id DESC
                   LIMIT %(limit)s
                """,
                occasion=occasion,
                company=company.id,
                today=company._funnel_today(),
                limit=_BATCH,
            )
        )

    @api.model
    def _ask(self, company, events):
        """Ask for an opinion on events.

        :param events: as of :meth:`_events`
        :return: the opinions, not answered yet; their mails wait to be sent
        """
        clients = self.env["crm.client"]._of(
            self.env["res.partner"].browse([client_id for *_event, client_id, _user in events]),
            company,
        )
        in_charge = {partner.id: client for partner, client in clients.items()}
        nobody = self.env["crm.client"]
        opinions = self.with_context(mail_create_nosubscribe=True, tracking_disable=True).create(
            [
                {
                    origin: event_id,
                    "partner_id": client_id,
                    "contact_id": person_id,
                    "company_id": company.id,
                    "user_id": in_charge.get(client_id, nobody).user_id.id or user_id,
                    "team_id": in_charge.get(client_id, nobody).team_id.id,
                    "asked_on": company._funnel_today(),
                }
                for origin, event_id, person_id, client_id, user_id in events
            ]
        )
        opinions._send_request()
        return opinions

    def _send_request(self):
        template = self.env.ref("sales_funnel_control.mail_template_opinion")
        template.send_mail_batch(self.ids, email_layout_xmlid="mail.mail_notification_light")
