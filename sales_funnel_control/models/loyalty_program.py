from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, ormcache

_OF_RIGHT = {"is_by_right", "active", "company_id"}


class LoyaltyProgram(models.Model):
    """Programs whose cards clients of a kind get by right, without anyone remembering it."""

    _inherit = "loyalty.program"

    is_by_right = fields.Boolean(
        "Cards by Right",
        copy=False,
        help="Clients of the kinds chosen below get a card by themselves, and lose it when they "
        "are of none of these kinds any more. Nobody else gets one, and nobody has to remember.",
    )
    for_potentials = fields.Boolean("Potential Clients")
    for_buyers = fields.Boolean("Buyers")
    for_regulars = fields.Boolean("Regular Buyers")
    for_keys = fields.Boolean("Key Clients")
    for_rating_a = fields.Boolean("Rating A")
    for_rating_b = fields.Boolean("Rating B")
    for_rating_c = fields.Boolean("Rating C")
    entitled_tag_ids = fields.Many2many(
        "res.partner.category",
        "loyalty_program_entitled_tag_rel",
        string="Entitled Tags",
        help="Clients with one of these tags get a card, whatever their category and rating.",
    )
    is_automatic = fields.Boolean(
        "Discount by Itself",
        help="Discounts of this program come into a member's quotation by themselves. Otherwise "
        "the salesperson chooses them as rewards, for instance where points are saved up.",
    )
    member_pricelist_id = fields.Many2one(
        "product.pricelist",
        "Members' Pricelist",
        domain="[('company_id', 'in', (company_id, False)), ('currency_id', '=', currency_id)]",
        help="Members buy by this pricelist as long as they hold the card, and by their former "
        "one afterwards. Odoo's pricelists are switched on with it.",
    )
    membership_ids = fields.One2many("crm.loyalty.membership", "program_id")
    member_count = fields.Integer(compute="_compute_member_count")

    @api.depends("membership_ids.left_on")
    def _compute_member_count(self):
        counts = dict(
            self.env["crm.loyalty.membership"]._read_group(
                [("program_id", "in", self.ids), ("left_on", "=", False)],
                ["program_id"],
                ["__count"],
            )
        )
        for program in self:
            program.member_count = counts.get(program, 0)

    @api.constrains("is_by_right", "program_type", "applies_on", "company_id")
    def _check_by_right(self):
        for program in self.filtered("is_by_right"):
            if program.program_type != "loyalty" or not program.is_nominative:
                raise ValidationError(
                    self.env._(
                        "Clients get cards by right of loyalty cards only, with points that stay "
                        "on the card: choose “Loyalty Cards” as the type of “%(program)s”.",
                        program=program.name,
                    )
                )
            if not program.company_id:
                raise ValidationError(
                    self.env._(
                        "Choose the company of “%(program)s”: categories and ratings of clients "
                        "are those of one company.",
                        program=program.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        programs = super().create(vals_list)
        programs._switch_pricelists()
        self.env.registry.clear_cache()
        return programs

    def write(self, vals):
        result = super().write(vals)
        if not _OF_RIGHT.isdisjoint(vals):
            self.env.registry.clear_cache()
        if not {"active", "member_pricelist_id"}.isdisjoint(vals):
            self._switch_pricelists()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def _switch_pricelists(self):
        """Members' pricelists are used from now on, so Odoo has to be told to use any.

        Else the settings would archive them. The one that comes with the addon waits in the archive
        until then.
        """
        ready = self.env.ref("sales_funnel_control.pricelist_vip", raise_if_not_found=False)
        active = self.filtered("active").member_pricelist_id
        if active:
            users = self.env.ref("base.group_user").sudo()
            users._apply_group(self.env.ref("product.group_product_pricelist"))
        if ready and ready in active and not ready.active:
            ready.active = True

    # -- actions ------------------------------------------------------------------------------

    def action_issue_cards(self):
        """Issue and withdraw the cards of these programs now rather than in the coming night.

        :return: a notification of how many clients got or lost a card
        """
        self.check_access("write")
        Client = self.env["crm.client"].sudo()
        changed = 0
        for company in self.company_id:
            last_id = 0
            while last_id is not None:
                last_id, written = Client._nightly_loyalty(company, last_id)
                changed += written
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if changed else "info",
                "message": self.env._("%(count)s cards were issued or withdrawn.", count=changed)
                if changed
                else self.env._("Everybody who is entitled holds a card already."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_open_members(self):
        """Open who joined and left these programs."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_loyalty_membership_action"
            ),
            "domain": [("program_id", "in", self.ids)],
        }

    # -- asking -------------------------------------------------------------------------------

    @api.model
    @ormcache("company_ids")
    def _by_right_ids(self, company_ids):
        """Ids of the active programs of companies whose cards are given by right.

        :param tuple company_ids: ids of companies
        """
        programs = self.sudo().with_context(active_test=True)
        return tuple(
            programs.search([("is_by_right", "=", True), ("company_id", "in", company_ids)]).ids
        )

    @api.model
    def _right_sql(self):
        """By what the alias ``client`` has a right to a card of the alias ``program``, or NULL."""
        return SQL(
            """
            CASE WHEN client.category = 'blacklisted' THEN NULL
                 WHEN client.category = 'potential' AND program.for_potentials
                   OR client.category = 'buyer' AND program.for_buyers
                   OR client.category = 'regular' AND program.for_regulars
                   OR client.category = 'key' AND program.for_keys
                 THEN 'category'
                 WHEN client.rating = 'a' AND program.for_rating_a
                   OR client.rating = 'b' AND program.for_rating_b
                   OR client.rating = 'c' AND program.for_rating_c
                 THEN 'rating'
                 WHEN EXISTS (
                        SELECT FROM loyalty_program_entitled_tag_rel entitled
                          JOIN res_partner_res_partner_category_rel tag
                            ON tag.category_id = entitled.res_partner_category_id
                         WHERE entitled.loyalty_program_id = program.id
                           AND tag.partner_id = client.partner_id
                      )
                 THEN 'tag'
            END
            """
        )

    def _has_points_to_save(self):
        """Whether the points say something: those of a discount card come and go by order."""
        return any(rule.reward_point_mode != "order" for rule in self.rule_ids)

    def _gives(self):
        """What a card of this program gives, in plain words."""
        self.ensure_one()
        gives = [reward.description for reward in self.reward_ids if reward.description]
        if self.member_pricelist_id.active:
            gives.append(
                self.env._("prices of “%(pricelist)s”", pricelist=self.member_pricelist_id.name)
            )
        return ", ".join(gives)
