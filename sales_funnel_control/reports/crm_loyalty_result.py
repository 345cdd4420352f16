from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import proportions

# Beyond this chance a difference may be luck.
_LEVEL = 0.05
_RATIOS = {
    "repeat_rate": ("100.0 * SUM(bought_%s)", "SUM(mature)"),
    "interval": ("SUM(days_%s)", "SUM(purchases_%s)"),
    "average_purchase": ("SUM(revenue_%s)", "SUM(purchases_%s)"),
    "client_revenue": ("SUM(revenue_%s)", "SUM(mature)"),
}
# What is compared: whose figures, of which time.
_SIDES = {
    "before": ("before", SQL("whose = 'member'")),
    "after": ("after", SQL("whose = 'member'")),
    "member": ("after", SQL("whose = 'member' AND is_matched")),
    "comparable": ("after", SQL("whose = 'comparable'")),
}


class CrmLoyaltyResult(models.Model):
    """Whether the members of a program buy more: one row for each program.

    Members before against after joining, and members against clients that were comparable when
    they joined. Both are observations; neither proves that the card is the cause.
    """

    _name = "crm.loyalty.result"
    _description = "Do Members Buy More?"
    _auto = False
    _rec_name = "program_id"
    _order = "members DESC, id"

    program_id = fields.Many2one("loyalty.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    months = fields.Integer(related="company_id.loyalty_months")
    members = fields.Integer(
        "Joined Ever", readonly=True, help="Memberships, also of clients that left or came again."
    )
    members_now = fields.Integer(readonly=True)
    mature = fields.Integer(
        "With Time Behind Them",
        readonly=True,
        help="Joined so long ago that the time after can be looked at. The others are in no "
        "figure.",
    )
    matched = fields.Integer(
        "With Comparable Clients",
        readonly=True,
        help="Of those, members to whom clients without a card were comparable when they joined.",
    )
    points_issued = fields.Float(readonly=True)
    points_used = fields.Float(readonly=True)

    repeat_rate_before = fields.Float("Bought Before, %", readonly=True, aggregator=None)
    repeat_rate_after = fields.Float("Bought Again, %", readonly=True, aggregator=None)
    repeat_rate_member = fields.Float("Bought Again: Members, %", readonly=True, aggregator=None)
    repeat_rate_comparable = fields.Float(
        "Bought Again: Comparable Clients, %", readonly=True, aggregator=None
    )
    interval_before = fields.Float("Days per Purchase Before", readonly=True, aggregator=None)
    interval_after = fields.Float("Days per Purchase After", readonly=True, aggregator=None)
    interval_member = fields.Float("Days per Purchase: Members", readonly=True, aggregator=None)
    interval_comparable = fields.Float(
        "Days per Purchase: Comparable Clients", readonly=True, aggregator=None
    )
    average_purchase_before = fields.Monetary(readonly=True, aggregator=None)
    average_purchase_after = fields.Monetary(readonly=True, aggregator=None)
    average_purchase_member = fields.Monetary(
        "Average Purchase: Members", readonly=True, aggregator=None
    )
    average_purchase_comparable = fields.Monetary(
        "Average Purchase: Comparable Clients", readonly=True, aggregator=None
    )
    client_revenue_before = fields.Monetary(
        "Revenue per Client Before", readonly=True, aggregator=None
    )
    client_revenue_after = fields.Monetary(
        "Revenue per Client After", readonly=True, aggregator=None
    )
    client_revenue_member = fields.Monetary(
        "Revenue per Client: Members", readonly=True, aggregator=None
    )
    client_revenue_comparable = fields.Monetary(
        "Revenue per Client: Comparable Clients", readonly=True, aggregator=None
    )
    conclusion = fields.Text(compute="_compute_conclusion", help="What can be said, and what not.")

    _depends = {
        "crm.loyalty.membership": ["partner_id", "program_id", "joined_on", "left_on"],
        "crm.loyalty.comparable": ["membership_id", "partner_id"],
        "loyalty.history": ["card_id", "issued", "used"],
        "sale.order": ["state", "partner_id", "date_order", "amount_untaxed", "currency_rate"],
        "res.partner": ["commercial_partner_id"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT program.id, program.id AS program_id, program.company_id, figure.*,
                   COALESCE(points.issued, 0) AS points_issued,
                   COALESCE(points.used, 0) AS points_used
              FROM (%s) figure
              JOIN loyalty_program program ON program.id = figure.of_program_id
         LEFT JOIN LATERAL (
                    SELECT SUM(history.issued) AS issued, SUM(history.used) AS used
                      FROM loyalty_card card
                      JOIN loyalty_history history ON history.card_id = card.id
                     WHERE card.program_id = program.id
                       AND card.is_by_right
                   ) points ON TRUE
            """,
            self._figures_sql(),
        )

    def _figures_sql(self):
        ratios = SQL(", ").join(self._ratio_sql(name, side) for name in _RATIOS for side in _SIDES)
        return SQL(
            """
            SELECT member.program_id AS of_program_id,
                   COUNT(*) FILTER (WHERE whose = 'member') AS members,
                   COUNT(*) FILTER (WHERE whose = 'member' AND member.left_on IS NULL)
                   AS members_now,
                   SUM(mature) FILTER (WHERE whose = 'member') AS mature,
                   SUM(mature) FILTER (WHERE whose = 'comparable') AS matched,
                   %s
              FROM (%s) figure
              JOIN crm_loyalty_membership member ON member.id = figure.membership_id
          GROUP BY member.program_id
            """,
            ratios,
            self.env["crm.loyalty.membership"]._figures_sql(self.env.companies),
        )

    @staticmethod
    def _ratio_sql(name, side):
        when, condition = _SIDES[side]
        above, below = (
            SQL("%s FILTER (WHERE %s)", SQL(part.replace("%s", when)), condition)
            for part in _RATIOS[name]
        )
        return SQL("%s / NULLIF(%s, 0) AS %s", above, below, SQL.identifier(f"{name}_{side}"))

    @api.depends("matched", "repeat_rate_member", "repeat_rate_comparable")
    @api.depends_context("lang")
    def _compute_conclusion(self):
        minimum = self.env["crm.control.board"]._rules().minimum
        for result in self:
            result.conclusion = " ".join(result._conclusions(minimum))

    def _conclusions(self, minimum):
        """Sentences: what the figures say, whether it may be chance, and of what it is no proof.

        :param minimum: members that a comparison needs
        """
        if not self.matched:
            return [
                self.env._(
                    "There is nobody to compare with yet: no client without a card was like the "
                    "members who joined at least %(months)s months ago. Look at the time before "
                    "and after joining.",
                    months=self.months,
                )
            ]
        values = {
            "matched": self.matched,
            "members": round(self.repeat_rate_member),
            "others": round(self.repeat_rate_comparable),
            "months": self.months,
        }
        said = [
            self.env._(
                "Within %(months)s months of joining %(members)s %% of %(matched)s members bought "
                "again, of comparable clients %(others)s %%.",
                **values,
            )
        ]
        if self.matched < minimum:
            said.append(
                self.env._(
                    "These are few members, a comparison needs %(minimum)s: it may be chance.",
                    minimum=minimum,
                )
            )
        elif self._chance() > _LEVEL:
            said.append(self.env._("The difference may be chance."))
        else:
            said.append(self.env._("The difference is hardly chance."))
        said.append(
            self.env._(
                "It is no proof that the card is the cause: who gets a card differs from who does "
                "not in more than category and revenue."
            )
        )
        return said

    def _chance(self):
        """Chance of so great a difference of the repeat rates, in either direction."""
        bought = [
            self.matched * rate / 100
            for rate in (self.repeat_rate_member, self.repeat_rate_comparable)
        ]
        more = proportions.higher(bought[0], self.matched, bought[1], self.matched)
        less = proportions.higher(bought[1], self.matched, bought[0], self.matched)
        return min(1.0, 2 * min(more, less))

    def action_open_members(self):
        """Open the memberships behind the figures."""
        return self.program_id.action_open_members()
