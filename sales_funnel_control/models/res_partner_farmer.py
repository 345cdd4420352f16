from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..tools import defaults

_FARMER_FIELDS = {"farmer_id", "won_by_id", "handed_over_on"}
# Clients see their own contact in the portal, but not who works on it.
_SALES = "sales_team.group_sale_salesman"


class ResPartner(models.Model):
    """The farmer in charge of a client."""

    _inherit = "res.partner"

    farmer_id = fields.Many2one(
        "res.users",
        "Farmer in Charge",
        index="btree_not_null",
        tracking=True,
        copy=False,
        groups=_SALES,
        domain="[('share', '=', False)]",
        help="Grows this client: its next leads and opportunities are the farmer's. "
        "Set on the company; its contact persons follow it.",
    )
    won_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        groups=_SALES,
        help="The hunter who won the client's first deal.",
        prefetch="funnel",
    )
    handed_over_on = fields.Date(
        readonly=True,
        copy=False,
        groups=_SALES,
        help="When the client was handed from the hunter to the farmer. It happens once.",
        prefetch="funnel",
    )

    @api.model_create_multi
    def create(self, vals_list):
        given = defaults.given(self, _FARMER_FIELDS)
        if any({**given, **vals}.get(name) for vals in vals_list for name in _FARMER_FIELDS):
            self._check_may_choose_farmer()
        return super().create(vals_list)

    def write(self, vals):
        if any(
            self._fields[name].convert_to_write(partner[name], partner) != vals[name]
            for name in _FARMER_FIELDS & vals.keys()
            for partner in self.sudo()
        ):
            self._check_may_choose_farmer()
        return super().write(vals)

    def _check_may_choose_farmer(self):
        if not self.env.su and not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Only sales administrators choose the farmer in charge of a client.")
            )

    def _farmer_for(self, company):
        """The farmer in charge as far as a company's leads go: who left or works elsewhere is not.

        :param company: empty where it is not known yet
        """
        farmer = self.farmer_id
        is_there = farmer.active and (not company or company in farmer.company_ids)
        return farmer if is_there else farmer.browse()

    # -- taking charge ------------------------------------------------------------------------

    def _take_charge(self, farmer, deal=None):
        """Put a farmer in charge of this client, and tell the farmer.

        :param deal: the deal a hunter won; None where the farmer replaces another
        """
        self.ensure_one()
        former = self.farmer_id
        values = {"farmer_id": farmer.id}
        if deal:
            company = deal._deal_company()
            values.update(won_by_id=deal.user_id.id, handed_over_on=company._funnel_today())
            if company.handover_keeps_hunter:
                self.message_subscribe(deal.user_id.partner_id.ids)
        self.write(values)
        env = self.with_context(lang=farmer.lang).env
        if deal:
            summary = env._("New client of yours, won by %(hunter)s", hunter=deal.user_id.name)
            note = env._(
                "%(hunter)s won “%(deal)s”. The next leads and opportunities of this client are "
                "yours: get to know each other.",
                hunter=deal.user_id.name,
                deal=deal.name,
            )
        else:
            summary = env._("New client of yours, up to now of %(farmer)s", farmer=former.name)
            note = env._("The next leads and opportunities of this client are yours.")
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo",
            fields.Date.context_today(self),
            summary,
            Markup("<p>%s</p>") % note,
            user_id=farmer.id,
        )

    def _farmer_left(self):
        """Whether the farmer in charge is archived, or works in no team any more."""
        farmer = self.farmer_id
        members = self.env["crm.team.member"].with_context(active_test=True)
        return not farmer.active or not members.search_count([("user_id", "=", farmer.id)], limit=1)

    def _team_of_former_farmer(self, company):
        """The team that replaces the farmer: where they worked, else one that grows clients."""
        domain = [("company_id", "in", [False, company.id]), ("active", "=", True)]
        members = self.env["crm.team.member"].with_context(active_test=False)
        former = members.search(
            [("user_id", "=", self.farmer_id.id), ("sales_role", "=", "farmer")], order="id desc"
        )
        team = former.crm_team_id.filtered_domain(domain)[:1]
        if not team:
            growing = self.env["crm.team"].search([("successor_team_id", "!=", False)])
            team = growing.successor_team_id.filtered_domain(domain)[:1]
        return team
