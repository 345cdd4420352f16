from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

DEFAULT_TERM = 30


class _Rule(NamedTuple):
    """What tells that a lead came in by a channel; False where it does not matter."""

    source_id: int
    medium_id: int
    team_id: int
    company_id: int
    channel_id: int

    @property
    def is_catch_all(self):
        return not (self.source_id or self.medium_id or self.team_id)

    @property
    def is_inbox(self):
        """Whether it takes the mails to the address of a team, nothing else."""
        return bool(self.team_id) and not (self.source_id or self.medium_id)


class CrmRequestChannel(models.Model):
    """Where requests come in, who answers for them, and how soon.

    A channel without criteria is the company's catch-all: it takes what no other channel takes.
    """

    _name = "crm.request.channel"
    _inherit = "crm.remembered.mixin"
    _description = "Incoming Channel"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="restrict"
    )
    source_id = fields.Many2one(
        "utm.source", ondelete="restrict", help="Requests that come from this source."
    )
    medium_id = fields.Many2one(
        "utm.medium", ondelete="restrict", help="Requests that come by this medium."
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        ondelete="restrict",
        check_company=True,
        help="Alone: mails that come to the team's address. With a source or a medium: only "
        "requests to this team. Without source, medium and team the channel takes whatever else "
        "comes in: mails, forms that visitors fill in, and whatever has a source or a medium. What "
        "salespeople enter without a source and a medium has not come in.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
        domain="[('share', '=', False)]",
        check_company=True,
        help="Answers for the requests that nobody has taken yet.",
    )
    is_assigned = fields.Boolean(
        "Responsible Becomes the Manager",
        default=True,
        help="Requests without a salesperson go to the responsible at once. "
        "Else they stay without a manager until they are distributed.",
    )
    escalation_user_id = fields.Many2one(
        "res.users",
        "Escalated To",
        ondelete="set null",
        domain="[('share', '=', False)]",
        check_company=True,
        help="Gets an activity when a request is not answered in time. "
        "Empty: the leader of the sales team.",
    )
    reaction_term = fields.Integer(
        "Reaction Term, Minutes",
        required=True,
        default=DEFAULT_TERM,
        aggregator=None,
        help="The client hears from us within so many minutes of working time: "
        "by a talk that is logged, or by a message or material sent.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        ondelete="set null",
        check_company=True,
        help="Empty: the company's working hours.",
    )
    waiting_count = fields.Integer("Waiting", compute="_compute_waiting_count")

    _criteria_uniq = models.UniqueIndex(
        "(company_id, COALESCE(source_id, 0), COALESCE(medium_id, 0), COALESCE(team_id, 0)) "
        "WHERE active AND COALESCE(source_id, medium_id, team_id) IS NOT NULL",
        "There is a channel for this source, medium and team already.",
    )
    _catch_all_uniq = models.UniqueIndex(
        "(company_id) WHERE active AND COALESCE(source_id, medium_id, team_id) IS NULL",
        "There is a channel for everything else already. Choose what comes in by this one: "
        "a source, a medium, or the sales team whose address clients write to.",
    )
    _reaction_term_positive = models.Constraint(
        "CHECK (reaction_term > 0)", "A reaction term is one minute at least."
    )

    # -- computes -----------------------------------------------------------------------------

    def _compute_waiting_count(self):
        counts = dict(
            self.env["crm.lead"]._read_group(
                [("channel_id", "in", self.ids), ("reaction_state", "in", ("waiting", "overdue"))],
                ["channel_id"],
                ["__count"],
            )
        )
        for channel in self:
            channel.waiting_count = counts.get(channel, 0)

    # -- ORM ----------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env["crm.lead"]
            .sudo()
            .with_context(active_test=False)
            .search_count([("channel_id", "in", self.ids)], limit=1)
        ):
            raise ValidationError(
                self.env._("Requests came in by this channel. Archive it instead of deleting it.")
            )

    # -- actions ------------------------------------------------------------------------------

    def action_open_requests(self):
        """Open the requests that came in by the channel."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_lead_action_requests"
            ),
            "domain": [("channel_id", "=", self.id)],
        }

    # -- matching -----------------------------------------------------------------------------

    @api.model
    @ormcache(cache="stable")
    def _rules(self):
        """The criteria of all channels, the most specific first: source, then medium, then team.

        The catch-all is the last.
        """
        rules = [
            _Rule(
                channel.source_id.id,
                channel.medium_id.id,
                channel.team_id.id,
                channel.company_id.id,
                channel.id,
            )
            for channel in self.sudo().with_context(active_test=True).search([])
        ]
        return tuple(sorted(rules, key=lambda rule: [not criterion for criterion in rule[:3]]))

    @api.model
    def _match(self, lead, is_mail):
        """The id of the channel a lead came in by, None where it did not.

        :param bool is_mail: whether the lead was made from a mail to its team
        """
        company = lead.company_id or lead.team_id.company_id or self.env.company
        has_come_in = is_mail or lead.source_id or lead.medium_id or self.env.user.share
        for rule in self._rules():
            if (
                rule.company_id == company.id
                and rule.source_id in (False, lead.source_id.id)
                and rule.medium_id in (False, lead.medium_id.id)
                and rule.team_id in (False, lead.team_id.id)
                and (is_mail or not rule.is_inbox)
                and (has_come_in or not rule.is_catch_all)
            ):
                return rule.channel_id
        return None

    # -- working time -------------------------------------------------------------------------

    def _calendar(self):
        return self.calendar_id or self.company_id.resource_calendar_id

    def _due_at(self, moment):
        """When a request of this moment is to be answered at the latest (naive UTC)."""
        return self._calendar()._minutes_after(moment, self.reaction_term, self.company_id)

    def _escalation_user(self, team):
        """Who hears of an unanswered request to ``team``; the responsible where nobody else."""
        candidates = (
            self.escalation_user_id,
            team.user_id,
            self.team_id.user_id,
            self.user_id.sale_team_id.user_id,
            self.user_id,
        )
        return next((user for user in candidates if user.active), self.env["res.users"])
