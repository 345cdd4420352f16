import random
from datetime import timedelta

from odoo import Command, api, models

# Clients of each farmer, of those who buy in a rhythm, that agreed to join the club.
_CLUB = (3, 5, 7, 9, 15, 17)
# Members joined so many days ago.
_JOINED = (120, 420)
# A member orders so much more often, for so much of its average purchase.
_MORE = 0.35
_WORTH = (0.4, 0.9)
_SPENT = 0.6


class CrmFunnelDemo(models.AbstractModel):
    """Loyalty programs in use, whose members joined at different times."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _give_cards(self, team, farmers):
        """Switch the ready programs on and let clients have been members for some time.

        :param team: the farmers' team
        :param farmers: the users in charge
        """
        chance = random.Random("loyalty")
        programs = self._switch_programs_on()
        club = self.env["res.partner"]
        for farmer in farmers:
            theirs = self._clients_of(farmer)
            club |= self.env["res.partner"].union(*(theirs[n : n + 1] for n in _CLUB))
        club.category_id = [Command.link(programs.entitled_tag_ids.id)]
        programs.action_issue_cards()
        members = self.env["crm.loyalty.membership"].search([("program_id", "in", programs.ids)])
        self._let_have_joined(chance, members)
        orders = [
            values
            for member in members.grouped("partner_id").values()
            if member.partner_id in club
            for values in self._bought_more(chance, member[0], team)
        ]
        self.env["sale.order"].with_context(tracking_disable=True).create(orders)
        for member in members:
            if member.program_id._has_points_to_save():
                self._save_points(chance, member)
        # One client left the club again; another one's buyer has just asked for a quotation.
        club[-1:].category_id = [Command.unlink(programs.entitled_tag_ids.id)]
        self._quote(club[:1], team)
        self.env["crm.client.run"]._go_over(self.env.company)

    def _switch_programs_on(self):
        """The three ready programs; the discount card is for members of the club."""
        names = ("discount_card", "accumulation_card", "vip_club")
        programs = self.env["loyalty.program"].union(
            *(self.env.ref(f"sales_funnel_control.loyalty_program_{name}") for name in names)
        )
        programs.active = True
        tag = self.env["res.partner.category"].create({"name": self.env._("Trade Club")})
        programs[:2].entitled_tag_ids = tag
        programs[0].for_regulars = False
        return programs

    def _let_have_joined(self, chance, members):
        """Members of several programs joined all of them on one day."""
        today = self.env.company._funnel_today()
        for theirs in members.grouped("partner_id").values():
            theirs.joined_on = today - timedelta(days=chance.randint(*_JOINED))

    def _bought_more(self, chance, member, team):
        """Orders that the member has made since it joined, beside its usual ones."""
        client = self.env["crm.client"]._of(member.partner_id, member.company_id)
        client = client[member.partner_id]
        product = self.env.ref("sales_funnel_control.product_supplies")
        gap = max(client.interval_days, 14) / _MORE
        ago = (member.company_id._funnel_today() - member.joined_on).days - chance.uniform(3, gap)
        while ago > 0:
            yield self._sale_values(
                self._buyer(chance, member.partner_id),
                team,
                client.user_id,
                product,
                ago,
                round(client.average_purchase * chance.uniform(*_WORTH), -1),
            )
            ago -= gap * chance.uniform(0.7, 1.3)

    def _save_points(self, chance, member):
        """The points of the orders since the member joined, some of them spent."""
        orders = self.env["sale.order"].search(
            [
                ("partner_id.commercial_partner_id", "=", member.partner_id.id),
                ("state", "=", "sale"),
                ("date_order", ">=", member.joined_on),
            ],
            order="date_order, id",
        )
        rate = member.program_id.rule_ids[:1].reward_point_amount
        least = member.program_id.reward_ids[:1].required_points
        lines, points = [], 0
        for order in orders:
            issued = round(order.amount_untaxed * rate, 2)
            used = points // least * least if chance.random() < _SPENT else 0
            points += issued - used
            lines.append(
                {
                    "card_id": member.card_id.id,
                    "order_model": "sale.order",
                    "order_id": order.id,
                    "description": self.env._("Order %(order)s", order=order.name),
                    "issued": issued,
                    "used": used,
                }
            )
        self.env["loyalty.history"].create(lines)
        member.card_id.with_context(loyalty_no_mail=True).points = points

    def _quote(self, client, team):
        """A quotation for the buyer of a member: the discount comes by itself."""
        product = self.env.ref("sales_funnel_control.product_supplies")
        values = self._sale_values(client.child_ids[:1], team, client.farmer_id, product, 0, 2400)
        orders = self.env["sale.order"].with_context(tracking_disable=True)
        orders.create({**values, "state": "draft"})
