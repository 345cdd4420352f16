from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import working_time
from ..tools.outside import within_calendar
from .crm_team_member import SALES_ROLES

_DAY = timedelta(days=1)


class DayRequest(NamedTuple):
    """A day of a team, checked; named as the control board's requests are."""

    team: models.BaseModel
    company: models.BaseModel
    day: date
    today: date
    role: str | None = None

    @property
    def figures(self):
        """The figures there are for the day: what stands now, and what is to come, has its own."""
        if self.day < self.today:
            return [name for name in FIGURES if name not in ("to_come", "overdue")]
        if self.day > self.today:
            return ["to_come"]
        return list(FIGURES)


# In the order in which they are shown.
FIGURES = (
    "contacts",
    "counting",
    "meetings",
    "to_come",
    "new_clients",
    "moves",
    "refusals",
    "won",
    "won_amount",
    "overdue",
)


class CrmDayGlance(models.AbstractModel):
    """A day of a sales team at a glance: one payload, nothing stored.

    The figures are those of the contact log, the ledger and the register of refusals for the day
    in the company's zone, under the reader's own rules.
    """

    _name = "crm.day.glance"
    _description = "Day at a Glance"

    @api.model
    @api.readonly
    def get_day(self, team_id=None, day=None):
        """What each manager of a team did on a day, and what is still to come.

        :param int team_id: sales team; without it the reader's own one
        :param str day: the day in the company's time zone; today without it
        :return: the day. A salesperson gets their own row, and the team's sums without names.

            * ``team``, ``teams`` (to choose from), ``day``, ``previous``, ``next``, ``is_today``,
              ``title`` (the day as people write it), ``sees_team``
            * ``figures``: ``key``, ``label`` and ``help`` of what is shown: a past day has no
              meetings to come and no overdue steps, a future one has the meetings only
            * ``total``: sums of the whole team: list of ``key``, ``value``, ``text``, ``detail``
            * ``managers``: ``id`` (False: clients that nobody has), ``name``, ``role``,
              ``values`` (as ``total``), ``norms`` (of the running week, see
              ``crm.contact.norm.get_progress``)
        :rtype: dict
        :raise UserError: where there is no such team or day
        """
        request = self._day_request(team_id, day)
        sees_team = self.env["crm.control.board"]._sees_team(request)
        facts = self._day_facts(request, self._own_domain(request))
        totals = facts
        if not sees_team and self.env.user in request.team.member_ids:
            everybody = Domain("company_id", "in", [*self.env.companies.ids, False])
            totals = self.sudo()._day_facts(request, everybody)
        labels = self._figure_labels()
        return {
            "team": self._name_of(request.team),
            "teams": [
                self._name_of(team) for team in self.env["crm.control.board"]._readable_teams()
            ],
            "day": fields.Date.to_string(request.day),
            "previous": fields.Date.to_string(request.day - _DAY),
            "next": fields.Date.to_string(request.day + _DAY),
            "is_today": request.day == request.today,
            "title": self._day_title(request),
            "sees_team": sees_team,
            "figures": [{"key": key, **labels[key]} for key in request.figures],
            "total": self._shown(request, self._summed(totals.values())),
            "managers": self._managers(request, facts, sees_team),
        }

    @api.model
    @api.readonly
    def get_figure_action(self, figure, team_id=None, day=None, user_id=None):
        """Window action on what a figure of the day counts.

        :param str figure: key of the figure
        :param int team_id: as for :meth:`get_day`
        :param str day: as for :meth:`get_day`
        :param user_id: the manager, False for nobody, None for the whole team
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        request = self._day_request(team_id, day)
        if figure not in request.figures:
            raise UserError(
                self.env._(
                    "That day has these figures: %(names)s.", names=", ".join(request.figures)
                )
            )
        if not (user_id in (None, False) or isinstance(user_id, int)):
            raise UserError(self.env._("Name the manager by number, or leave it out."))
        domain = self._own_domain(request)
        if user_id is not None:
            domain &= Domain("user_id", "=", user_id)
        model, rows = self._figure_rows(request, figure, domain)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(figure)s, %(day)s",
                figure=self._figure_labels()[figure]["label"],
                day=self._day_title(request),
            ),
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": list(rows),
            "context": {"active_test": False, "create": False},
            "help": self.env._("Nothing of the kind happened on that day."),
        }

    # -- the request --------------------------------------------------------------------------

    def _day_request(self, team_id, day):
        self.env["crm.lead.stage.history"].check_access("read")
        team = self.env["crm.control.board"]._board_team(team_id)
        company = team.company_id or self.env.company
        today = company._funnel_today()
        try:
            day = fields.Date.to_date(day) or today
        except (TypeError, ValueError, AttributeError) as error:
            raise UserError(
                self.env._("Give the day as year-month-day, 2026-11-22 for example.")
            ) from error
        if not within_calendar(day):
            raise UserError(self.env._("Choose a day between the years 1970 and 9000."))
        return DayRequest(team, company, day, today)

    def _own_domain(self, request):
        """Whose rows the reader gets one by one: everybody's, or their own."""
        if self.env["crm.control.board"]._sees_team(request):
            return Domain.TRUE
        return Domain("user_id", "=", self.env.uid)

    @staticmethod
    def _name_of(record):
        return {"id": record.id, "name": record.display_name}

    def _day_title(self, request):
        day = fields.Date.to_string(request.day)
        return self.env["ir.qweb.field.date"].value_to_html(day, {"format": "EEEE, d MMMM"})

    def _figure_labels(self):
        """Label and explanation of each figure."""
        return {
            "contacts": {
                "label": self.env._("Contacts"),
                "help": self.env._("Contacts logged for the day, of every kind."),
            },
            "counting": {
                "label": self.env._("Count Towards Norms"),
                "help": self.env._("Contacts that count: calls, meetings, visits, warm contacts."),
            },
            "meetings": {
                "label": self.env._("Meetings and Visits"),
                "help": self.env._("Meetings held and visits, as they count towards the norm."),
            },
            "to_come": {
                "label": self.env._("Meetings to Come"),
                "help": self.env._(
                    "Meetings with clients in the calendar that have not begun yet."
                ),
            },
            "new_clients": {
                "label": self.env._("New Clients"),
                "help": self.env._("Opportunities that began on the day."),
            },
            "moves": {
                "label": self.env._("Stage Moves"),
                "help": self.env._("Clients that advanced to a later stage."),
            },
            "refusals": {
                "label": self.env._("Refusals"),
                "help": self.env._("Clients who refused, without spam and duplicates."),
            },
            "won": {"label": self.env._("Deals Won"), "help": self.env._("Deals won on the day.")},
            "won_amount": {
                "label": self.env._("Sales"),
                "help": self.env._("Expected revenue of the deals won on the day."),
            },
            "overdue": {
                "label": self.env._("Overdue Steps"),
                "help": self.env._("Open deals whose next step is past its day, at this moment."),
            },
        }

    # -- who and what -------------------------------------------------------------------------

    def _managers(self, request, facts, sees_team):
        """The rows of the day: the team's members, and whoever else did something in it."""
        members = (
            self.env["crm.team.member"]
            .sudo()
            .with_context(active_test=True)
            .search([("crm_team_id", "=", request.team.id), ("user_id.active", "=", True)])
        )
        if not sees_team:
            members = members.filtered(lambda member: member.user_id == self.env.user)
        roles = {member.user_id.id: member.sales_role for member in members}
        order = [role for role, _label in SALES_ROLES]
        labels = dict(
            self.env["crm.team.member"]._fields["sales_role"]._description_selection(self.env)
        )
        users = self.env["res.users"].sudo().browse([key for key in {*facts, *roles} if key])
        norms = self._norms(request, users)
        rows = [
            {
                "id": user.id,
                "name": user.name,
                "role": labels.get(roles.get(user.id), ""),
                "values": self._shown(request, facts.get(user.id, {})),
                "norms": norms.get(user.id, []),
            }
            for user in users.sorted(
                lambda user: (
                    order.index(roles[user.id]) if user.id in roles else len(order),
                    user.name,
                    user.id,
                )
            )
        ]
        if any(facts.get(False, {}).values()):
            rows.append(
                {
                    "id": False,
                    "name": self.env._("Without a manager"),
                    "role": "",
                    "values": self._shown(request, facts[False]),
                    "norms": [],
                }
            )
        return rows

    def _norms(self, request, users):
        """Progress towards the norms of the running week, by id of the manager."""
        monday = working_time.monday(request.today)
        if working_time.monday(request.day) != monday:
            return {}
        rows = self.env["crm.contact.norm.week"].search(
            [
                ("user_id", "in", users.ids),
                ("company_id", "=", request.company.id),
                ("week_start", "=", monday),
            ]
        )
        return {user.id: lines for (_company, user), lines in rows._progress().items()}

    def _shown(self, request, values):
        """The figures as they are shown: numbers, and texts in the reader's language."""
        currency = request.company.currency_id
        shown = []
        for key in request.figures:
            value = values.get(key, 0)
            text = currency.format(value) if key == "won_amount" else str(value)
            shown.append(
                {
                    "key": key,
                    "value": value,
                    "text": text,
                    "detail": self._kinds_text(values.get("kinds", {}))
                    if key == "contacts"
                    else "",
                }
            )
        return shown

    def _kinds_text(self, kinds):
        """How many contacts there were of each kind, in one line."""
        names = self.env["crm.contact.log"]._fields["kind"]._description_selection(self.env)
        return " · ".join(
            self.env._("%(kind)s %(count)s", kind=label, count=kinds[kind])
            for kind, label in names
            if kinds.get(kind)
        )
