from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

_SALES = "sales_team.group_sale_salesman"
_ALL = "sales_team.group_sale_salesman_all_leads"

PROGRAM_KINDS = [
    ("seminar", "Seminar"),
    ("mailing", "Mailing"),
    ("offer", "Special Offer"),
    ("visits", "Visit Round"),
]


class UtmCampaign(models.Model):
    """Special programs: a seminar, a mailing, an offer or a visit round for chosen clients."""

    _inherit = "utm.campaign"

    is_special_program = fields.Boolean(
        "Special Program", help="Held for chosen clients; see the menu Client Base."
    )
    program_kind = fields.Selection(PROGRAM_KINDS, "Kind", groups=_SALES)
    program_team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        groups=_SALES,
        ondelete="set null",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Its leader runs the program together with the responsible.",
    )
    date_from = fields.Date("From", groups=_SALES)
    date_to = fields.Date("Until", groups=_SALES)
    cost = fields.Monetary(
        groups=_SALES, help="What the program costs in all, in the company's currency."
    )
    goal = fields.Text(
        groups=_SALES,
        help="What the program is to reach, and what to tell the clients: the managers in "
        "charge read it in their activity.",
    )
    effect_days = fields.Integer(
        "Days to Watch",
        default=30,
        groups=_SALES,
        help="All purchases so many days after the invitation are shown beside those that came "
        "of the program for sure.",
    )

    # -- who, and what is done ------------------------------------------------------------------

    client_domain = fields.Char("Clients", default="[]", groups=_SALES)
    client_filter_id = fields.Many2one(
        "ir.filters",
        "Saved Filter",
        groups=_SALES,
        ondelete="set null",
        domain="[('model_id', 'in', ['crm.client', 'res.partner'])]",
        help="A search saved in the list of clients or of contacts. Where clients are chosen "
        "below as well, they have to fit both.",
    )
    chosen_count = fields.Integer(
        "Clients Chosen",
        compute="_compute_chosen_count",
        groups=_SALES,
        help="Clients that fit now, as far as you may see them.",
    )
    program_action = fields.Selection(
        [("opportunity", "An Opportunity"), ("activity", "An Activity")],
        "The Manager in Charge Gets",
        default="opportunity",
        groups=_SALES,
        help="An opportunity in the funnel of existing clients, or an activity on the client.",
    )
    program_activity_type_id = fields.Many2one(
        "mail.activity.type",
        "Activity",
        groups=_SALES,
        ondelete="set null",
        domain="[('res_model', 'in', [False, 'res.partner'])]",
        help="A to-do where none is chosen.",
    )
    program_member_ids = fields.One2many(
        "crm.program.member", "campaign_id", "Participants", groups=_SALES
    )
    program_launch_ids = fields.One2many("crm.program.launch", "campaign_id", groups=_SALES)

    _effect_days_positive = models.Constraint(
        "CHECK (effect_days >= 1)", "Watch purchases for one day at least."
    )
    _cost_not_negative = models.Constraint(
        "CHECK (cost >= 0)", "The cost of a program cannot be negative."
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("client_domain", "client_filter_id", "company_id")
    @api.depends_context("uid")
    def _compute_chosen_count(self):
        for campaign in self:
            campaign.chosen_count = (
                self.env["crm.client"].search_count(campaign._chosen_domain())
                if campaign._chooses()
                else 0
            )

    # -- constrains ---------------------------------------------------------------------------

    @api.constrains("is_special_program", "program_kind", "company_id")
    def _check_special_program(self):
        for campaign in self.filtered("is_special_program"):
            if not campaign.program_kind or not campaign.company_id:
                raise ValidationError(
                    self.env._(
                        "A special program needs its kind and its company: “%(program)s”.",
                        program=campaign.title,
                    )
                )

    @api.constrains("date_from", "date_to")
    def _check_program_dates(self):
        for campaign in self:
            if campaign.date_from and campaign.date_to and campaign.date_to < campaign.date_from:
                raise ValidationError(
                    self.env._("A program ends on its first day at the earliest.")
                )

    @api.constrains("client_domain", "client_filter_id")
    def _check_client_domain(self):
        for campaign in self:
            try:
                campaign._chosen_domain().validate(self.env["crm.client"])
            except ValueError as error:
                raise ValidationError(
                    self.env._("This condition does not fit clients: %(error)s", error=error)
                ) from error

    @api.constrains("company_id")
    def _check_program_company(self):
        members = self.env["crm.program.member"].sudo()
        for campaign in self:
            if members.search_count(
                [("campaign_id", "=", campaign.id), ("company_id", "!=", campaign.company_id.id)],
                limit=1,
            ):
                raise ValidationError(
                    self.env._("A program stays in its company once it has participants.")
                )

    # -- actions ------------------------------------------------------------------------------

    def action_preview_clients(self):
        """Show the clients that fit now."""
        self.ensure_one()
        if not self._chooses():
            raise UserError(self.env._("Choose the clients by a filter or a condition first."))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_client_action"
        )
        action.update(domain=list(self._chosen_domain()), name=self.title, path=False)
        return action

    def action_open_members(self):
        """Open the participants of the program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_program_member_action"
        )
        action.update(domain=[("campaign_id", "=", self.id)], name=self.title, context={})
        return action

    def action_open_program_report(self):
        """Open the report of this program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_program_report_action"
        )
        action.update(domain=[("campaign_id", "=", self.id)], name=self.title)
        return action

    # -- choosing -----------------------------------------------------------------------------

    def _chooses(self):
        """Whether the program says which clients it is for."""
        self.ensure_one()
        return bool(self.client_filter_id or self._own_domain())

    def _own_domain(self):
        try:
            return literal_eval(self.client_domain or "[]")
        except (SyntaxError, ValueError) as error:
            raise ValidationError(
                self.env._(
                    "The condition on clients cannot be read: %(condition)s",
                    condition=self.client_domain,
                )
            ) from error

    def _chosen_domain(self):
        """The clients of the company that fit the saved filter and the condition.

        Persons found by a filter on contacts stand for their organisation.
        """
        self.ensure_one()
        domain = Domain("company_id", "=", self.company_id.id) & Domain(self._own_domain())
        saved = self.client_filter_id.sudo()
        if saved.model_id == "crm.client":
            domain &= Domain(saved._get_eval_domain())
        elif saved:
            contacts = self.env["res.partner"]._search(saved._get_eval_domain())
            domain &= Domain("partner_id", "in", contacts.subselect("commercial_partner_id"))
        return domain

    # -- who may ------------------------------------------------------------------------------

    def _check_may_run(self):
        """Refuse to those who neither run the program nor lead its team nor see all documents.

        :raise AccessError: for them
        """
        self.check_access("read")
        user = self.env.user
        if self.env.su or user.has_group(_ALL):
            return
        for campaign in self.sudo():
            if user not in campaign.user_id | campaign.program_team_id.user_id:
                raise AccessError(
                    self.env._(
                        "“%(program)s” is run by %(responsible)s and the leader of the team.",
                        program=campaign.title,
                        responsible=campaign.user_id.name,
                    )
                )
