from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.outside import as_id
from .crm_team_member import SALES_ROLES
from .crm_time_block import WEEKDAYS

_WORKING_WEEK = ("0", "1", "2", "3", "4")
_MINUTES = 60
_ALL = "sales_team.group_sale_salesman_all_leads"


class CrmTimetable(models.Model):
    """A weekly timetable of time blocks, for a role."""

    _name = "crm.timetable"
    _description = "Weekly Timetable"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    sales_role = fields.Selection(
        SALES_ROLES,
        "Role",
        help="Managers of this role are offered this timetable. Empty: it is for any role.",
    )
    company_id = fields.Many2one("res.company", help="Empty: it is for every company.")
    block_ids = fields.One2many("crm.time.block", "timetable_id", "Blocks", copy=True)
    hours = fields.Float(
        "Hours a Week", compute="_compute_hours", help="What the blocks of a week add up to."
    )

    @api.depends("block_ids.hour_from", "block_ids.hour_to")
    def _compute_hours(self):
        for timetable in self:
            timetable.hours = sum(block.hour_to - block.hour_from for block in timetable.block_ids)

    # -- ORM ----------------------------------------------------------------------------------

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if not default or "name" not in default:
            for timetable, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", timetable.name)
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_in_calendars(self):
        planned = self.env["calendar.event"].sudo().with_context(active_test=False)
        if planned.search_count([("time_block_id.timetable_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "This timetable is used in calendars. Archive it, or remove it from the "
                    "calendars first."
                )
            )

    # -- actions ------------------------------------------------------------------------------

    def action_open_week(self):
        """Open the week of the timetable."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_funnel_control.crm_timetable_action_week"
        )
        return {**action, "params": {"timetable_id": self.id}, "name": self.name}

    def action_apply(self):
        """Open the wizard that puts the timetable into calendars."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_funnel_control.crm_timetable_apply_action"
        )
        return {**action, "context": {"default_timetable_id": self.id}}

    # -- who ----------------------------------------------------------------------------------

    @api.model
    def _managers_domain(self):
        """Users whose working time the current user may plan and study: themselves, those of the
        teams they lead; who sees all documents, everybody of their companies.
        """
        user = self.env.user
        own = Domain("share", "=", False) & Domain("company_ids", "in", self.env.companies.ids)
        if self.env.su or user.has_group(_ALL):
            return own
        led = self.env["crm.team.member"].sudo().search([("crm_team_id.user_id", "=", user.id)])
        return own & Domain("id", "in", [user.id, *led.user_id.ids])

    @api.model
    def _check_may_plan(self, users):
        """Refuse to plan or study the time of users one has no say over."""
        foreign = users - users.filtered_domain(self._managers_domain())
        if foreign:
            raise AccessError(
                self.env._(
                    "The working time of %(managers)s is planned by the head of their team. "
                    "Choose yourself, or managers of a team you lead.",
                    managers=", ".join(foreign.sudo().mapped("name")),
                )
            )

    @api.model
    def _defaults_for(self, users, company):
        """The timetable of each manager's role.

        :return: ``{user: timetable}``; empty where there is none for the role
        """
        members = self.env["crm.team.member"].sudo().search([("user_id", "in", users.ids)])
        roles = defaultdict(lambda: False)
        for member in members.sorted("create_date", reverse=True):
            roles[member.user_id.id] = member.sales_role
        timetables = self.search([("company_id", "in", [False, company.id])])
        by_role = {}
        for role in {roles[user.id] for user in users}:
            fitting = timetables.filtered(lambda t, role=role: t.sales_role in (role, False))
            by_role[role] = fitting.sorted(
                lambda t: (not t.sales_role, not t.company_id, t.sequence, t.id)
            )[:1]
        return {user: by_role[roles[user.id]] for user in users}

    # -- the week -----------------------------------------------------------------------------

    @api.model
    @api.readonly
    def get_week(self, timetable_id=None):
        """The week of a timetable, ready to be drawn.

        :param int timetable_id: none for that of the current user's role
        :return: dict: ``timetables`` to choose from, ``timetable``, ``days`` with their blocks
            (``top`` and ``height`` in per cent of the grid), ``hours`` of the scale, ``kinds`` with
            the time each has in the week
        """
        timetables = self.search([("company_id", "in", [False, *self.env.companies.ids])])
        if timetable_id:
            chosen = self.with_context(active_test=False).search([("id", "=", as_id(timetable_id))])
            if not chosen:
                raise UserError(self.env._("This timetable does not exist any more."))
        else:
            user = self.env.user
            chosen = self._defaults_for(user, self.env.company)[user] or timetables[:1]
        roles = dict(self._fields["sales_role"]._description_selection(self.env))
        return {
            "timetables": [{"id": each.id, "name": each.name} for each in timetables | chosen],
            "timetable": {
                "id": chosen.id,
                "name": chosen.name,
                "role_name": roles.get(chosen.sales_role, ""),
                "total": self.env["crm.time.kind"]._duration_text(chosen.hours * _MINUTES),
            }
            if chosen
            else False,
            "may_edit": self.has_access("write"),
            **chosen._week(),
        }

    def _week(self):
        kind = self.env["crm.time.kind"]
        blocks = self.block_ids.sorted(lambda block: (block.weekday, block.hour_from))
        first = int(min(blocks.mapped("hour_from"), default=0))
        last = -int(-max(blocks.mapped("hour_to"), default=0) // 1)
        length = max(last - first, 1)
        shown = set(_WORKING_WEEK) | set(blocks.mapped("weekday"))
        names = dict(blocks._fields["weekday"]._description_selection(self.env))
        spent = defaultdict(float)
        for block in blocks:
            spent[block.kind_id] += block.hour_to - block.hour_from
        return {
            "length": length,
            "hours": [
                {"label": kind._clock_text(hour), "top": 100 * (hour - first) / length}
                for hour in range(first, last + 1)
            ]
            if blocks
            else [],
            "days": [
                {
                    "weekday": day,
                    "name": names[day],
                    "blocks": [
                        {
                            "id": block.id,
                            "name": block.display_name,
                            "span": kind._span_text(block.hour_from, block.hour_to),
                            "icon": block.kind_id.icon or "",
                            "color": block.kind_id.color,
                            "top": 100 * (block.hour_from - first) / length,
                            "height": 100 * (block.hour_to - block.hour_from) / length,
                        }
                        for block in blocks
                        if block.weekday == day
                    ],
                }
                for day, _name in WEEKDAYS
                if day in shown
            ],
            "kinds": [
                {
                    "id": each.id,
                    "name": each.name,
                    "icon": each.icon or "",
                    "color": each.color,
                    "total": kind._duration_text(hours * _MINUTES),
                }
                for each, hours in sorted(spent.items(), key=lambda item: -item[1])
            ],
        }
