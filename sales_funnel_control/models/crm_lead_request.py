from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from ..tools import defaults

REACTION_STATES = [
    ("waiting", "Waiting"),
    ("overdue", "Overdue"),
    ("in_time", "In Time"),
    ("late", "Late"),
]
# What the system keeps of a request: nobody writes it by hand.
_KEPT = {
    "answerable_id",
    "channel_id",
    "escalated_at",
    "escalation_activity_id",
    "first_reaction_at",
    "first_reaction_by_id",
    "reaction_due_at",
    "reaction_minutes",
    "requested_at",
}
FROM_MAIL = "sales_funnel_control_from_mail"
_HOUR = 60


class CrmLead(models.Model):
    """A lead that came in: by which channel, and how soon the client is to hear from us."""

    _inherit = "crm.lead"

    channel_id = fields.Many2one(
        "crm.request.channel",
        "Incoming Channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The channel the request came in by. Empty: we turned to the client.",
    )
    # Read with each other, and not with what Odoo reads ahead of a lead that is moved.
    requested_at = fields.Datetime("Requested", readonly=True, copy=False, prefetch="funnel")
    reaction_due_at = fields.Datetime(
        "Reaction Due",
        readonly=True,
        copy=False,
        help="Until then the client should have heard from us, by the channel's working hours.",
        prefetch="funnel",
    )
    first_reaction_at = fields.Datetime(
        "First Reaction",
        readonly=True,
        copy=False,
        help="The first talk with the client that is logged, or the first message or material sent "
        "to them. A call that nobody answered is no reaction, nor is what the client writes.",
        prefetch="funnel",
    )
    first_reaction_by_id = fields.Many2one(
        "res.users",
        "Reacted by",
        readonly=True,
        copy=False,
        ondelete="set null",
        prefetch="funnel",
    )
    reaction_minutes = fields.Float(
        "Reaction, Minutes",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Working time until the first reaction.",
        prefetch="funnel",
    )
    answerable_id = fields.Many2one(
        "res.users",
        "Answers for the Reaction",
        compute="_compute_answerable_id",
        store=True,
        precompute=True,
        copy=False,
        ondelete="set null",
        help="The manager when the client first heard from us; without one, who is responsible "
        "for the channel.",
        prefetch="funnel",
    )
    escalated_at = fields.Datetime("Escalated", readonly=True, copy=False, prefetch="funnel")
    escalation_activity_id = fields.Many2one(
        "mail.activity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        prefetch="funnel",
    )
    reaction_state = fields.Selection(
        REACTION_STATES,
        "Reaction",
        compute="_compute_reaction",
        search="_search_reaction_state",
        help="Whether the client has heard from us, and in time. "
        "Empty where the client did not turn to us.",
    )
    reaction_time = fields.Char(
        compute="_compute_reaction",
        help="How much working time is left, has passed since the reaction was due, or was needed.",
    )

    _reaction_waiting_idx = models.Index(
        "(reaction_due_at) WHERE channel_id IS NOT NULL AND first_reaction_at IS NULL"
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("user_id", "channel_id")
    def _compute_answerable_id(self):
        for lead in self:
            if not lead.channel_id:
                lead.answerable_id = False
            elif not (lead.first_reaction_at and lead.answerable_id):
                lead.answerable_id = lead.user_id or lead.sudo().channel_id.user_id

    @api.depends("channel_id", "reaction_due_at", "first_reaction_at", "reaction_minutes")
    def _compute_reaction(self):
        now = fields.Datetime.now()
        requests = self.filtered("channel_id")
        others = self - requests
        others.reaction_state = False
        others.reaction_time = False
        for channel, leads in requests.sudo().grouped("channel_id").items():
            open_spans = {
                lead: sorted((now, lead.reaction_due_at))
                for lead in leads
                if not lead.first_reaction_at
            }
            minutes = channel._calendar()._minutes_worked(open_spans.values(), channel.company_id)
            minutes = dict(zip(open_spans, minutes, strict=True))
            for lead in leads:
                lead.reaction_state = lead._reaction_state_at(now)
                lead.reaction_time = lead._say_reaction_time(minutes.get(lead))

    def _reaction_state_at(self, moment):
        """How the reaction to a request stands, see :data:`REACTION_STATES`."""
        if not self.first_reaction_at:
            return "overdue" if self.reaction_due_at < moment else "waiting"
        return "in_time" if self.first_reaction_at <= self.reaction_due_at else "late"

    @api.model
    def _search_reaction_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = tuple(state for state in value if state)
        found = Domain.FALSE
        if states:
            found |= Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s IN %s", model._field_to_sql(alias, "reaction_state", query), states
                )
            ) & Domain("channel_id", "!=", False)
        return found | Domain("channel_id", "=", False) if False in value else found

    def _field_to_sql(self, alias, field_expr, query=None):
        """Let requests be searched and grouped by how their reaction stands now."""
        if field_expr != "reaction_state":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            """
            (CASE WHEN %(channel)s IS NULL THEN NULL
                  WHEN %(reacted)s IS NULL
                  THEN CASE WHEN %(due)s < %(now)s THEN 'overdue' ELSE 'waiting' END
                  WHEN %(reacted)s <= %(due)s THEN 'in_time'
                  ELSE 'late'
             END)
            """,
            channel=self._field_to_sql(alias, "channel_id", query),
            reacted=self._field_to_sql(alias, "first_reaction_at", query),
            due=self._field_to_sql(alias, "reaction_due_at", query),
            now=fields.Datetime.now(),
        )

    def _say_reaction_time(self, open_minutes):
        """Put into words how long there is left, how long it is overdue, or how long it took."""
        minutes = self.reaction_minutes if open_minutes is None else open_minutes
        hours, minutes = divmod(int(minutes), _HOUR)
        duration = (
            self.env._("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
            if hours
            else self.env._("%(minutes)s min", minutes=minutes)
        )
        if open_minutes is None:
            return self.env._("after %(duration)s", duration=duration)
        if self.reaction_state == "overdue":
            return self.env._("%(duration)s overdue", duration=duration)
        return self.env._("%(duration)s left", duration=duration)

    # -- ORM ----------------------------------------------------------------------------------

    def _auto_init(self):
        """Add the column without a look at every lead: none has come in by a channel yet."""
        if not column_exists(self.env.cr, "crm_lead", "answerable_id"):
            create_column(self.env.cr, "crm_lead", "answerable_id", "int4")
        return super()._auto_init()

    @api.model_create_multi
    def create(self, vals_list):
        creator = self
        if not self.env.su:
            creator = defaults.without(self, _KEPT)
            given = defaults.given(creator, _KEPT)
            for vals in vals_list:
                self._check_keeps_request({**given, **vals})
        leads = super(CrmLead, creator).create(vals_list).with_env(self.env)
        if self.env["crm.request.channel"]._rules():
            leads._receive()
        return leads

    def write(self, vals):
        self._check_keeps_request(vals)
        return super().write(vals)

    def _check_keeps_request(self, vals):
        if not (self.env.su or _KEPT.isdisjoint(vals)):
            raise AccessError(
                self.env._(
                    "The system keeps when a request came in and when the client first heard from "
                    "us. Log the contact with the client instead."
                )
            )

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to a team's address comes in by the team's channel."""
        leads = super(CrmLead, self.with_context(**{FROM_MAIL: True}))
        return leads.message_new(msg_dict, custom_values=custom_values)

    # -- actions ------------------------------------------------------------------------------

    def action_take_request(self):
        """Become the owner of requests that have none."""
        self.filtered(lambda lead: not lead.user_id).write({"user_id": self.env.uid})

    # -- coming in ----------------------------------------------------------------------------

    def _receive(self):
        """Start the clock of the new leads that came in by a channel.

        A list that is imported is not what clients asked for just now.
        """
        if self.env.context.get("import_file"):
            return
        channels = self.env["crm.request.channel"].sudo()
        is_mail = bool(self.env.context.get(FROM_MAIL))
        received = defaultdict(list)
        for lead in self.sudo().filtered("active"):
            channel_id = channels._match(lead, is_mail)
            if channel_id:
                received[channel_id].append(lead.id)
        now = fields.Datetime.now()
        for channel_id, lead_ids in received.items():
            channel = channels.browse(channel_id)
            leads = self.sudo().browse(lead_ids)
            leads.write(
                {
                    "channel_id": channel_id,
                    "requested_at": now,
                    "reaction_due_at": channel._due_at(now),
                }
            )
            if channel.is_assigned:
                leads._give_to(channel.user_id)

    def _give_to(self, user):
        """Let the user own those leads that nobody does, in the team they came to."""
        for team, leads in self.filtered(lambda lead: not lead.user_id).grouped("team_id").items():
            leads.write({"user_id": user.id, **({"team_id": team.id} if team else {})})
