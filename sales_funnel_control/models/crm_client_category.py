from odoo import api, fields, models
from odoo.tools import SQL


class CrmClient(models.Model):
    """What a client is to the company, by the company's rules.

    The first of these that holds, in this order:

    1. *blacklisted*: nobody works with the organisation;
    2. the category a manager set by hand, until it is taken back or its time is over;
    3. *potential*: never bought, neither by a purchase nor by a deal won;
    4. *lost*: did not buy within so many of its own usual intervals, and not within a minimum of
       days; a client that bought once has a term of its own;
    5. *key*: a regular buyer with so large a share of the company's revenue of 12 months, or
       with rating A, where the company has it so;
    6. *regular*: so many purchases in so many months;
    7. *buyer*: everybody else who bought.
    """

    _inherit = "crm.client"

    purchases_recent = fields.Integer(
        "Purchases of Late",
        readonly=True,
        help="Purchases in the months that make a regular buyer, as set in the settings.",
    )
    revenue_share = fields.Float(
        "Share of Revenue, %",
        compute="_compute_revenue_share",
        compute_sudo=True,
        digits=(16, 1),
        help="Of the revenue of all clients of the company in 12 months.",
    )
    is_target_segment = fields.Boolean(related="partner_id.industry_id.is_target_segment")
    category_history_ids = fields.One2many(
        "crm.client.category.history", "client_id", "Transitions", readonly=True
    )

    @api.depends("revenue", "company_id")
    def _compute_revenue_share(self):
        marks = {company: self._marks_known(company) for company in self.company_id}
        for client in self:
            total = marks[client.company_id].revenue
            client.revenue_share = 100 * client.revenue / total if total else 0

    # -- nightly ------------------------------------------------------------------------------

    @api.model
    def _nightly_steps(self):
        return [*super()._nightly_steps(), "ratings", "categories"]

    @api.model
    def _nightly_categories(self, company, after_id):
        """The categories of the next clients."""
        clients, last_id = self._next_clients(company, after_id)
        return last_id, len(self._categorise(company, clients.ids))

    @api.model
    def _refresh(self, partners, company):
        result = super()._refresh(partners, company)
        client_ids = [client.id for client in self._of(partners, company).values()]
        if client_ids:
            self._store_ratings(company, client_ids, self._marks_known(company))
            self._categorise(company, client_ids)
        return result

    def _categorise(self, company, client_ids):
        """Write the categories of clients, and let those know who work by them.

        :return: the clients whose category changed
        """
        before = self._store_categories(company, client_ids)
        changed = self.sudo().browse(before)
        if changed:
            changed._on_category_changed({client: before[client.id] for client in changed})
        return changed

    def _on_category_changed(self, before):
        """Called after the category of clients changed and the history was written.

        For others to extend: cards that a category is entitled to, for instance.

        :param dict before: former category by client; False where the client is new
        """

    # -- the rules ----------------------------------------------------------------------------

    @api.model
    def _store_categories(self, company, client_ids, today=None):
        """Write categories that changed, and the transitions.

        The category a client starts with is no transition: only clients that bought first since
        the company's base is kept came from being potential.

        :param today: the day to judge from; the company's own today without it
        :return: former category by id of the clients that changed; False for new ones
        """
        if not client_ids:
            return {}
        today = today or company._funnel_today()
        self._flush_for_categories()
        rows = self.env.execute_query(
            SQL(
                """
                WITH ruled AS (
                    SELECT client.id,
                           CASE WHEN client.category_since IS NOT NULL THEN client.category
                                WHEN COALESCE(client.first_on, other.last_on) >= %(known_since)s
                                THEN 'potential'
                           END AS former,
                           rule.category,
                           client.manual_category = rule.category
                           AND COALESCE(client.manual_until >= %(today)s, TRUE) AS is_manual
                      FROM crm_client client
                      JOIN res_partner partner ON partner.id = client.partner_id
         LEFT JOIN LATERAL (%(other_sale)s) other ON client.purchases = 0
        CROSS JOIN LATERAL (SELECT %(rule)s AS category) rule
                     WHERE client.id = ANY(%(clients)s)
                ), changed AS (
                    UPDATE crm_client
                       SET category = ruled.category, category_since = %(today)s,
                           write_uid = %(uid)s, write_date = %(now)s
                      FROM ruled
                     WHERE ruled.id = crm_client.id
                       AND (
                           crm_client.category IS DISTINCT FROM ruled.category
                           OR crm_client.category_since IS NULL
                       )
                 RETURNING crm_client.*, ruled.former, ruled.is_manual
                ), noted AS (
                    INSERT INTO crm_client_category_history (
                                client_id, partner_id, company_id, user_id, team_id, sales_role,
                                category_from, category_to, changed_on, week_start,
                                is_manual, reason, set_by_id, create_uid, create_date
                                )
                         SELECT id, partner_id, company_id, user_id, team_id, sales_role,
                                former, category, %(today)s, date_trunc('week', %(today)s::date),
                                COALESCE(is_manual, FALSE),
                                CASE WHEN is_manual THEN manual_reason END,
                                CASE WHEN is_manual THEN manual_by_id END,
                                %(uid)s, %(now)s
                           FROM changed
                          WHERE former <> category
                )
                SELECT id, former FROM changed
                 WHERE former IS DISTINCT FROM category
                """,
                known_since=company.client_base_since or None,
                rule=self._category_sql(company, today),
                other_sale=self._other_sale_sql(company, today),
                clients=list(client_ids),
                today=today,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
        return {client_id: former or False for client_id, former in rows}

    def _category_sql(self, company, today):
        """The category of the alias ``client``, see the rules of the class.

        ``other`` is its last sale besides purchases, ``partner`` the organisation.
        """
        total = self._marks_known(company).revenue
        return SQL(
            """
            CASE WHEN partner.is_sales_blacklisted THEN 'blacklisted'
                 WHEN client.manual_category IS NOT NULL
                      AND COALESCE(client.manual_until >= %(today)s, TRUE)
                 THEN client.manual_category
                 WHEN client.purchases = 0 AND other.last_on IS NULL THEN 'potential'
                 WHEN COALESCE(client.last_on, other.last_on) < %(today)s::date - CASE
                          WHEN client.purchases <= 1 THEN %(single_days)s
                          ELSE GREATEST(
                              %(minimum_days)s,
                              CEIL(client.interval_days * %(intervals)s)::int
                          )
                      END
                 THEN 'lost'
                 WHEN client.purchases_recent < %(regular)s THEN 'buyer'
                 WHEN %(total)s > 0 AND client.revenue * 100 >= %(share)s * %(total)s
                      OR %(key_by_rating)s AND client.rating = 'a'
                 THEN 'key'
                 ELSE 'regular'
            END
            """,
            today=today,
            single_days=company.client_lost_single_days,
            minimum_days=company.client_lost_days,
            intervals=company.client_lost_intervals,
            regular=company.client_regular_purchases,
            share=company.client_key_share,
            total=total,
            key_by_rating=company.client_key_by_rating,
        )

    def _other_sale_sql(self, company, today):
        """``last_on``: the last sale of the alias ``client``, purchase or not; see first sales."""
        return SQL(
            """
            SELECT MAX(
                       (sale.moment AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date
                   ) AS last_on
              FROM res_partner buyer
        CROSS JOIN LATERAL (%(sales)s) sale
             WHERE buyer.commercial_partner_id = client.partner_id
               AND (sale.moment AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date <= %(today)s
            """,
            zone=company.funnel_tz,
            sales=self.env["res.partner"]._sales_sql(SQL("buyer.id"), SQL("ARRAY[%s]", company.id)),
            today=today,
        )

    def _flush_for_categories(self):
        """Bring to the database what the rules read."""
        self.env["res.partner"]._flush_for_sales()
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        self.env["res.partner"].flush_model(["is_sales_blacklisted"])
        self.flush_model()
