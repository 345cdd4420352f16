import logging

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class CrmClient(models.Model):
    """Clients get the cards they have a right to, and lose those they have not any more."""

    _inherit = "crm.client"

    loyalty_summary = fields.Text(related="partner_id.loyalty_summary")
    membership_ids = fields.One2many(
        "crm.loyalty.membership", string="Memberships", compute="_compute_membership_ids"
    )

    @api.depends("partner_id", "company_id")
    def _compute_membership_ids(self):
        memberships = self.env["crm.loyalty.membership"].search(
            [("partner_id", "in", self.partner_id.ids), ("company_id", "in", self.company_id.ids)]
        )
        theirs = memberships.grouped(lambda each: (each.partner_id, each.company_id))
        for client in self:
            client.membership_ids = theirs.get((client.partner_id, client.company_id))

    def _on_category_changed(self, before):
        result = super()._on_category_changed(before)
        for company, clients in self.grouped("company_id").items():
            clients._renew_cards(company)
        return result

    @api.model
    def _nightly_steps(self):
        return [*super()._nightly_steps(), "loyalty"]

    @api.model
    def _nightly_loyalty(self, company, after_id):
        """The cards of the next clients."""
        if not after_id:
            self._leave_without_client(company)
        if not self._may_hold_cards(company):
            return None, 0
        clients, last_id = self._next_clients(company, after_id)
        return last_id, clients._renew_cards(company)

    def _may_hold_cards(self, company):
        """Whether any card is to be issued or withdrawn at all."""
        return bool(
            self.env["loyalty.program"]._by_right_ids((company.id,))
            or self.env["crm.loyalty.membership"]
            .sudo()
            .search_count([("company_id", "=", company.id), ("left_on", "=", False)], limit=1)
        )

    def _renew_cards(self, company):
        """Issue and withdraw the cards of these clients of one company.

        :return: how many cards were issued or withdrawn
        """
        if not self or not self._may_hold_cards(company):
            return 0
        self.flush_model(["category", "rating", "revenue", "user_id", "team_id", "sales_role"])
        self.env["res.partner"].flush_model(["active", "category_id", "commercial_partner_id"])
        self.env["loyalty.program"].flush_model()
        self.env["loyalty.card"].flush_model()
        self.env["crm.loyalty.membership"].flush_model()
        clients = self.sudo()
        return clients._withdraw_cards(company) + clients._issue_cards(
            company, clients._due_cards(company)
        )

    # -- issuing ------------------------------------------------------------------------------

    def _due_cards(self, company):
        """Values of the memberships that these clients are entitled to and have not yet."""
        columns = (
            "partner_id",
            "program_id",
            "join_reason",
            "user_id",
            "team_id",
            "sales_role",
            "category",
            "rating",
            "revenue",
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT client.partner_id, program.id, entitled.reason, client.user_id,
                       client.team_id, client.sales_role, client.category, client.rating,
                       COALESCE(client.revenue, 0)
                  FROM (%(rights)s) entitled
                  JOIN crm_client client ON client.id = entitled.client_id
                  JOIN loyalty_program program ON program.id = entitled.program_id
                 WHERE NOT EXISTS (
                        SELECT FROM crm_loyalty_membership member
                         WHERE member.partner_id = client.partner_id
                           AND member.program_id = program.id
                           AND member.left_on IS NULL
                       )
                   -- Who was given a card by hand needs no other.
                   AND NOT EXISTS (
                        SELECT FROM loyalty_card card
                         WHERE card.partner_id = client.partner_id
                           AND card.program_id = program.id
                           AND card.active
                           AND card.is_by_right IS NOT TRUE
                       )
              ORDER BY client.id, program.id
                """,
                rights=self._rights_sql(company),
            )
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _rights_sql(self, company):
        """To which programs these clients have a right: ``client_id, program_id, reason``."""
        return SQL(
            """
            SELECT client.id AS client_id, program.id AS program_id, entitlement.reason
              FROM crm_client client
              JOIN res_partner partner
                ON partner.id = client.partner_id
               AND partner.active
               AND partner.commercial_partner_id = partner.id
              JOIN loyalty_program program
                ON program.company_id = client.company_id
               AND program.is_by_right
               AND program.active
               AND COALESCE(program.date_from, %(today)s) <= %(today)s
               AND COALESCE(program.date_to, %(today)s) >= %(today)s
        CROSS JOIN LATERAL (SELECT %(right)s AS reason) entitlement
             WHERE client.id = ANY(%(clients)s)
               AND client.company_id = %(company)s
               AND entitlement.reason IS NOT NULL
            """,
            today=company._funnel_today(),
            right=self.env["loyalty.program"]._right_sql(),
            clients=self.ids,
            company=company.id,
        )

    @api.model
    def _issue_cards(self, company, due):
        """Issue cards; those that another process issues at the same time are left to it.

        :param due: values of memberships, see :meth:`_due_cards`
        :return: how many were issued
        """
        if not due:
            return 0
        try:
            with self.env.cr.savepoint():
                return len(self.env["crm.loyalty.membership"].sudo()._join(company, due))
        except UniqueViolation:
            self.env.invalidate_all(flush=False)
            if len(due) == 1:
                _logger.info("Another process issues the card: %s", due[0])
                return 0
        half = len(due) // 2
        return self._issue_cards(company, due[:half]) + self._issue_cards(company, due[half:])

    # -- withdrawing --------------------------------------------------------------------------

    def _withdraw_cards(self, company):
        """End the memberships that these clients have no right to any more.

        :return: how many were ended
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT member.id,
                       CASE WHEN client.category = 'blacklisted' THEN 'blacklisted'
                            WHEN program.active AND program.is_by_right
                             AND program.company_id = client.company_id
                             AND COALESCE(program.date_to, %(today)s) >= %(today)s
                            THEN 'entitlement'
                            ELSE 'program'
                       END
                  FROM crm_client client
                  JOIN crm_loyalty_membership member
                    ON member.partner_id = client.partner_id
                   AND member.company_id = client.company_id
                   AND member.left_on IS NULL
                  JOIN loyalty_program program ON program.id = member.program_id
                 WHERE client.id = ANY(%(clients)s)
                   AND client.company_id = %(company)s
                   AND NOT EXISTS (
                        SELECT FROM (%(rights)s) entitled
                         WHERE entitled.client_id = client.id
                           AND entitled.program_id = member.program_id
                       )
              ORDER BY member.id
                """,
                today=company._funnel_today(),
                clients=self.ids,
                company=company.id,
                rights=self._rights_sql(company),
            )
        )
        Membership = self.env["crm.loyalty.membership"].sudo()
        by_reason = {}
        for membership_id, reason in rows:
            by_reason.setdefault(reason, []).append(membership_id)
        for reason, membership_ids in by_reason.items():
            Membership.browse(membership_ids)._leave(reason)
        return len(rows)

    @api.model
    def _leave_without_client(self, company):
        """Withdraw cards of organisations that are clients of the company no more."""
        self.flush_model(["partner_id", "company_id"])
        Membership = self.env["crm.loyalty.membership"].sudo()
        Membership.flush_model(["partner_id", "company_id", "left_on"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT member.id
                  FROM crm_loyalty_membership member
                 WHERE member.company_id = %s
                   AND member.left_on IS NULL
                   AND NOT EXISTS (
                        SELECT FROM crm_client client
                         WHERE client.partner_id = member.partner_id
                           AND client.company_id = member.company_id
                       )
                """,
                company.id,
            )
        )
        Membership.browse(membership_id for (membership_id,) in rows)._leave("gone")
