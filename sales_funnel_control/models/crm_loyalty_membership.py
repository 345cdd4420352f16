from odoo import api, fields, models

from .crm_client import CLIENT_CATEGORIES, CLIENT_RATINGS
from .crm_team_member import SALES_ROLES

JOIN_REASONS = [("category", "Category"), ("rating", "Rating"), ("tag", "Tag")]
LEAVE_REASONS = [
    ("entitlement", "Not Entitled Any More"),
    ("blacklisted", "Blacklisted"),
    ("program", "Program Ended"),
    ("gone", "No Client Any More"),
    ("merged", "Merged with Another Client"),
]


class CrmLoyaltyMembership(models.Model):
    """That a client held a card by right: from when to when, and why.

    Written by the system only. Category and revenue are those of the day the client joined.
    """

    _name = "crm.loyalty.membership"
    _description = "Loyalty Membership"
    _order = "joined_on DESC, id DESC"
    _rec_name = "partner_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade"
    )
    program_id = fields.Many2one(
        "loyalty.program", required=True, readonly=True, ondelete="cascade", index=True
    )
    card_id = fields.Many2one(
        "loyalty.card", required=True, readonly=True, ondelete="cascade", index=True
    )
    joined_on = fields.Date("Joined", required=True, readonly=True)
    join_reason = fields.Selection(
        JOIN_REASONS,
        "By Right of",
        required=True,
        readonly=True,
        help="What entitled the client: its category, its rating or a tag.",
    )
    left_on = fields.Date("Left", readonly=True, help="Empty while the client holds the card.")
    leave_reason = fields.Selection(LEAVE_REASONS, "Left Because", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        readonly=True,
        index="btree_not_null",
        help="Who was in charge of the client when it joined.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    category = fields.Selection(
        CLIENT_CATEGORIES, readonly=True, help="Category on the day of joining."
    )
    rating = fields.Selection(CLIENT_RATINGS, readonly=True, help="Rating on the day of joining.")
    revenue = fields.Monetary(
        "Revenue Before",
        readonly=True,
        help="Untaxed purchases of the 12 months before the client joined.",
    )
    points = fields.Float(
        compute="_compute_points", compute_sudo=True, help="Points on the card now."
    )
    given_pricelist_id = fields.Many2one(
        "product.pricelist",
        "Members' Pricelist",
        readonly=True,
        ondelete="set null",
        help="What the client buys by since it joined.",
    )
    former_pricelist_id = fields.Many2one(
        "product.pricelist",
        readonly=True,
        ondelete="set null",
        help="What the client bought by before; it comes back when the client leaves.",
    )
    comparable_ids = fields.One2many(
        "crm.loyalty.comparable", "membership_id", groups="base.group_system"
    )

    _open_uniq = models.UniqueIndex(
        "(partner_id, program_id) WHERE left_on IS NULL",
        "A client is a member of a program once at a time.",
    )
    _partner_idx = models.Index("(partner_id)")

    @api.depends("card_id.points")
    def _compute_points(self):
        for membership in self:
            membership.points = membership.card_id.points

    # -- joining ------------------------------------------------------------------------------

    @api.model
    def _join(self, company, rows):
        """Make clients members, and give them the members' pricelist.

        :param rows: ``{"partner_id", "program_id", "join_reason", ...}``, values of memberships
        :return: the new memberships
        """
        cards = self._cards_for(rows)
        memberships = self.create(
            [
                {
                    **row,
                    "company_id": company.id,
                    "card_id": cards[row["partner_id"], row["program_id"]].id,
                    "joined_on": company._funnel_today(),
                }
                for row in rows
            ]
        )
        memberships._give_pricelist()
        self.env["crm.loyalty.comparable"]._choose(memberships)
        return memberships

    def _cards_for(self, rows):
        """The card of each client and program: the former one again, else a new one."""
        Card = self.env["loyalty.card"].with_context(active_test=False, tracking_disable=True)
        known = Card.search(
            [
                ("is_by_right", "=", True),
                ("partner_id", "in", [row["partner_id"] for row in rows]),
                ("program_id", "in", list({row["program_id"] for row in rows})),
            ]
        )
        cards = {(card.partner_id.id, card.program_id.id): card for card in known}
        wanted = [(row["partner_id"], row["program_id"]) for row in rows]
        again = Card.browse(cards[key].id for key in wanted if key in cards)
        again.filtered(lambda card: not card.active).write({"active": True})
        missing = [key for key in wanted if key not in cards]
        new = Card.create(
            [
                {"partner_id": partner_id, "program_id": program_id, "is_by_right": True}
                for partner_id, program_id in missing
            ]
        )
        return {**cards, **dict(zip(missing, new, strict=True))}

    def _give_pricelist(self):
        """Let members buy by the members' pricelist, and keep what they bought by before."""
        for (company, pricelist), joined in self.grouped(
            lambda each: (each.company_id, each.program_id.member_pricelist_id)
        ).items():
            partners = joined.partner_id.with_company(company)
            if not pricelist:
                continue
            former = partners.grouped("specific_property_product_pricelist")
            for before, theirs in former.items():
                members = joined.filtered(lambda each, theirs=theirs: each.partner_id in theirs)
                members.write(
                    {"former_pricelist_id": before.id, "given_pricelist_id": pricelist.id}
                )
            partners.write({"specific_property_product_pricelist": pricelist.id})

    # -- leaving ------------------------------------------------------------------------------

    def _leave(self, reason):
        """End memberships: cards go to the archive with their points, pricelists come back."""
        self.card_id.with_context(tracking_disable=True).filtered("active").action_archive()
        # While all are members still: who leaves two programs at once gets back the first one's.
        for pricelist, left in self.grouped(lambda each: each.given_pricelist_id).items():
            if pricelist:
                left._take_pricelist(pricelist)
        for company, left in self.grouped("company_id").items():
            left.write({"left_on": company._funnel_today(), "leave_reason": reason})

    def _take_pricelist(self, pricelist):
        """Give clients back what they bought by before, unless somebody chose another since."""
        for (company, former), left in self.grouped(
            lambda each: (each.company_id, each.former_pricelist_id)
        ).items():
            partners = left.partner_id.with_company(company)
            partners.filtered(
                lambda partner: partner.specific_property_product_pricelist == pricelist
            ).write({"specific_property_product_pricelist": former.id})
            others = self.search(
                [
                    ("partner_id", "in", partners.ids),
                    ("company_id", "=", company.id),
                    ("left_on", "=", False),
                    ("former_pricelist_id", "=", pricelist.id),
                ]
            )
            # They joined another program meanwhile, and must not come back to this pricelist.
            others.write({"former_pricelist_id": former.id})
