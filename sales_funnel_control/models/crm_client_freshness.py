from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmClient(models.Model):
    """How long ago the contact data of clients were verified, and whose turn it is."""

    _inherit = "crm.client"

    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    # Kept here as well: the base of a company is ordered and counted by them.
    verified_on = fields.Date(related="partner_id.verified_on", store=True)
    verified_by_id = fields.Many2one(related="partner_id.verified_by_id")
    unverified_since = fields.Date(
        compute="_compute_unverified_since",
        store=True,
        help="The last check of the contact data, else the day the contact was created.",
    )
    days_unverified = fields.Integer(
        compute="_compute_days_unverified",
        aggregator=None,
        help="Days since the contact data were verified, or since the contact was created.",
    )
    verification_worth = fields.Monetary(
        "Worth Verifying",
        compute="_compute_days_unverified",
        aggregator=None,
        help="Purchases of the last 24 months plus one, times the days since the contact data "
        "were verified: the order in which clients are to be called. The one lets clients that "
        "bought nothing stand in the order of their age.",
    )
    is_stale = fields.Boolean(
        compute="_compute_freshness",
        search="_search_is_stale",
        help="In the base, and not verified for longer than the settings allow.",
    )
    is_verified = fields.Boolean(
        compute="_compute_freshness",
        search="_search_is_verified",
        help="In the base, and verified within the period of the norm.",
    )

    _unverified_idx = models.Index("(company_id, unverified_since)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("partner_id.verified_on", "partner_id.create_date")
    def _compute_unverified_since(self):
        for client in self:
            partner = client.partner_id
            client.unverified_since = partner.verified_on or client.company_id._funnel_date(
                partner.create_date or fields.Datetime.now()
            )

    @api.depends("unverified_since", "revenue", "revenue_before")
    def _compute_days_unverified(self):
        todays = {company: company._funnel_today() for company in self.company_id}
        for client in self:
            today = todays.get(client.company_id)
            since = client.unverified_since or today
            client.days_unverified = (today - since).days if today else 0
            worth = 1 + client.revenue + client.revenue_before
            client.verification_worth = worth * client.days_unverified

    @api.depends("unverified_since", "verified_on", "category")
    def _compute_freshness(self):
        for company, clients in self.grouped("company_id").items():
            stale = clients.filtered_domain(self._company_freshness_domain(company, "stale"))
            verified = clients.filtered_domain(self._company_freshness_domain(company, "verified"))
            for client in clients:
                client.is_stale = client in stale
                client.is_verified = client in verified

    def _search_is_stale(self, operator, value):
        return self._search_freshness("stale", operator, value)

    def _search_is_verified(self, operator, value):
        return self._search_freshness("verified", operator, value)

    def _search_freshness(self, kind, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._freshness_domain(kind)
        return Domain.OR(domain if wanted else ~domain for wanted in set(value))

    def _field_to_sql(self, alias, field_expr, query=None):
        """The worth of a check depends on today: it is ordered by, and never stored."""
        if field_expr != "verification_worth":
            return super()._field_to_sql(alias, field_expr, query)
        names = ("revenue", "revenue_before", "unverified_since")
        revenue, before, since = (self._field_to_sql(alias, name, query) for name in names)
        today = self.env.company._funnel_today()
        return SQL(
            "((1 + COALESCE(%s, 0) + COALESCE(%s, 0)) * (%s::date - %s))",
            revenue,
            before,
            today,
            since,
        )

    # -- actions ------------------------------------------------------------------------------

    def action_verify(self):
        """Note that the contact data of these clients were checked today.

        :raise AccessError: where the user may not see these clients
        """
        self.check_access("read")
        self.partner_id.with_context(mail_notrack=len(self) > 1).action_verify()
        return True

    def action_log_contact(self):
        """Log a contact with a person of this client.

        :return: window action on a new contact
        """
        self.ensure_one()
        return self.partner_id.action_log_contact()

    # -- business -----------------------------------------------------------------------------

    @api.model
    def _freshness_domain(self, kind):
        """Domain on clients of the present companies, by the rules of each.

        :param kind: ``base`` (who counts), ``verified`` (of them, verified within the period of
            the norm) or ``stale`` (of them, not verified for too long)
        """
        return Domain.OR(
            self._company_freshness_domain(company, kind) for company in self.env.companies
        )

    @api.model
    def _company_freshness_domain(self, company, kind):
        rules = company.sudo()._freshness_rules()
        out = ["blacklisted"] if rules.with_lost else ["blacklisted", "lost"]
        domain = Domain("company_id", "=", company.id) & Domain("category", "not in", out)
        if kind == "verified":
            domain &= Domain("verified_on", ">", rules.since)
        elif kind == "stale":
            domain &= Domain("unverified_since", "<=", rules.stale_on)
        return domain

    @api.model
    def _freshness(self, company, domain=Domain.TRUE):
        """How much of the base is verified, under the reader's rules.

        :param company: the one whose base and norm are meant
        :param Domain domain: only of clients under it
        :return: ``clients``, ``verified``, ``stale`` (counts), ``rate``, ``norm`` and ``gap``
            (per cent and points; verified ÷ clients, False where there are no clients) and
            ``period`` of the norm, ``year`` or ``quarter``
        """
        counts = {
            kind: self.search_count(domain & self._company_freshness_domain(company, kind))
            for kind in ("base", "verified", "stale")
        }
        norm = company.sudo()._freshness_rules().norm
        rate = 100 * counts["verified"] / counts["base"] if counts["base"] else False
        return {
            "clients": counts["base"],
            "verified": counts["verified"],
            "stale": counts["stale"],
            "rate": rate,
            "norm": norm,
            "gap": rate - norm if counts["base"] else False,
            "period": company.sudo().client_freshness_period,
        }

    @api.model
    def _store_figures(self, company, partner_ids, today=None):
        """Clients that are written past the ORM get the date of their contact data, too."""
        written = super()._store_figures(company, partner_ids, today)
        return list({*written, *self._store_freshness(company, partner_ids)})

    @api.model
    def _store_freshness(self, company, partner_ids):
        """Copy when contact data were verified; rows that would not change are not written.

        :return: ids of the clients that changed
        """
        self.env["res.partner"].flush_model(["verified_on"])
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE crm_client known
                   SET verified_on = partner.verified_on,
                       unverified_since = partner.unverified_since
                  FROM (
                        SELECT id, verified_on,
                               COALESCE(
                                   verified_on,
                                   (create_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date
                               ) AS unverified_since
                          FROM res_partner
                         WHERE id = ANY(%(partners)s)
                       ) partner
                 WHERE known.partner_id = partner.id
                   AND known.company_id = %(company)s
                   AND (known.verified_on, known.unverified_since)
                       IS DISTINCT FROM (partner.verified_on, partner.unverified_since)
             RETURNING known.id
                """,
                zone=company.funnel_tz,
                partners=list(partner_ids),
                company=company.id,
            )
        )
        if rows:
            self.invalidate_model(["verified_on", "unverified_since"], flush=False)
        return [client_id for (client_id,) in rows]
